//go:build !race

package mime_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"applayer/mime"
)

func TestAddressAllocs(t *testing.T) {
	value := []byte("multipart/mixed; charset=\"us-ascii\" (none);\r\n\tboundary=\"----=_Part 1\"")
	scan := mime.ContentTypeScan(value)
	assert.Zero(t, testing.AllocsPerRun(100, scan), "the scanner reads a media type in place")

	s := "Joe Doe <joe@example.org>, mary@example.org, \"Smith, John\" <js@example.org>"
	parse := func() { _, _, _ = mime.ParseAddressList(s, nil) }
	assert.LessOrEqual(t, testing.AllocsPerRun(100, parse), 6.0)
}
