package mime

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestCharsetNames(t *testing.T) {
	assert.True(t, slices.IsSortedFunc(charsetNames[:], func(a, b charsetName) int { return strings.Compare(a.key, b.key) }))
	for _, n := range charsetNames {
		assert.LessOrEqual(t, len(n.key), maxCharsetName)
		assert.NotNil(t, ownDecoder(n.key), n.key)
	}
}

func TestAppendDecoded(t *testing.T) {
	o := new(Options).inForce()
	r := newReport(o)
	out, known := appendDecoded([]byte("x "), []byte("\xfc\x80"), "iso-8859-1", o, r, 7)
	assert.True(t, known)
	assert.Equal(t, "x ü€", string(out))
	out, known = appendDecoded(nil, []byte("\xfc"), "x-none", o, r, 9)
	assert.False(t, known)
	assert.Empty(t, out)
	assert.Equal(t, []Defect{
		{Code: DefectWrongCharset, Offset: 7, Ref: "RFC 2046 §4.1.2"},
		{Code: DefectUnknownCharset, Offset: 9, Ref: "RFC 2046 §4.1.2", Err: ErrUnknownCharset},
	}, r.list)
}
