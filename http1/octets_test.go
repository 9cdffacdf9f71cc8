package http1_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"applayer/http1"
)

// The scanners of eight octets at a time find what an octet at a time would,
// each octet at each place, beside each other.
func TestScanners(t *testing.T) {
	const tokens = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	for c := range 256 {
		ctl := c < ' ' && c != '\t' || c == 0x7f
		token := strings.IndexByte(tokens, byte(c)) >= 0 && c < 0x80
		for n := range 20 {
			for at := range n {
				for _, fill := range []byte{'a', 'Z', '-', ' ', '\t', 0x80, 0xff} {
					b := []byte(strings.Repeat(string([]byte{fill}), n))
					b[at] = byte(c)
					want := n
					if ctl {
						want = at
					}
					if got := http1.FindCtl(b, 0); got != want {
						t.Fatalf("FindCtl(%q) = %d, want %d", b, got, want)
					}
					want = 0
					switch {
					case strings.IndexByte("aZ-", fill) >= 0 && token:
						want = n
					case strings.IndexByte("aZ-", fill) >= 0:
						want = at
					case at == 0 && token:
						want = 1
					}
					if got := http1.TokenEnd(b, 0); got != want {
						t.Fatalf("TokenEnd(%q) = %d, want %d", b, got, want)
					}
				}
			}
		}
	}
	assert.Equal(t, 3, http1.FindCtl([]byte("\x00\t\t\x00\x01\x01\x01\x01\x01"), 1))
}

func TestIsToken(t *testing.T) {
	assert.True(t, http1.IsToken("GET"))
	assert.False(t, http1.IsToken(""))
	assert.False(t, http1.IsToken("G T"))
	assert.False(t, http1.IsToken("G\x80"))
}

func TestIsFieldValue(t *testing.T) {
	for _, s := range []string{"", "a", "a b\tc", "\xff"} {
		assert.True(t, http1.IsFieldValue(s), "%q", s)
	}
	for _, s := range []string{" ", " a", "a\t", "a\nb", "\x00", "\x7f", "a\r"} {
		assert.False(t, http1.IsFieldValue(s), "%q", s)
	}
}
