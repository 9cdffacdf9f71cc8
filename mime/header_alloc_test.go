//go:build !race

package mime_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"applayer/mime"
)

func TestHeaderAllocations(t *testing.T) {
	in := benchHeader(t)
	assert.LessOrEqual(t, testing.AllocsPerRun(100, func() {
		mime.ParseHeader(in, nil)
	}), 5.0, "the octets, the fields, the options and the report: none per field")
	h, _, _, err := mime.ParseHeader(in, nil)
	assert.NoError(t, err)
	assert.Zero(t, testing.AllocsPerRun(100, func() {
		h.Get("Subject")
		h.Has("X-None")
	}), "a value that is not folded is cut from the header")
	d, err := h.Date()
	assert.NoError(t, err)
	buf := make([]byte, 0, 64)
	assert.LessOrEqual(t, testing.AllocsPerRun(100, func() {
		buf, _ = mime.AppendDate(buf[:0], d)
	}), 1.0, "its zone")
}
