package dns_test

import (
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/dns"
)

func TestParseNameAt(t *testing.T) {
	header := strings.Repeat("\x00", 12)
	// RFC 1035 §4.1.4: F.ISI.ARPA, FOO.F.ISI.ARPA, ARPA and the root.
	isi := strings.Repeat("\x00", 20) + "\x01F\x03ISI\x04ARPA\x00" + strings.Repeat("\x00", 8) + "\x03FOO\xc0\x14" +
		strings.Repeat("\x00", 18) + "\xc0\x1a" + strings.Repeat("\x00", 26) + "\x00"
	var chain strings.Builder
	chain.WriteString(header + "\x00") // pointers to pointers, the first to the root
	for i := range 130 {
		at := 12
		if i > 0 {
			at = 13 + 2*(i-1)
		}
		chain.WriteString(string([]byte{0xc0 | byte(at>>8), byte(at)}))
	}
	for _, tt := range []struct {
		name, msg string
		off       int
		want      string
		next      int
		err       error
	}{
		{"4.1.4 in full", isi, 20, "F.ISI.ARPA.", 32, nil},
		{"4.1.4 labels and a pointer", isi, 40, "FOO.F.ISI.ARPA.", 46, nil},
		{"4.1.4 a pointer alone", isi, 64, "ARPA.", 66, nil},
		{"4.1.4 the root", isi, 92, ".", 93, nil},
		{"as many pointers as may be", chain.String(), 13 + 2*125, ".", 13 + 2*126, nil},
		{"one pointer more", chain.String(), 13 + 2*126, "", 0, dns.ErrPointer},
		{"a pointer to itself", header + "\xc0\x0c", 12, "", 0, dns.ErrPointer},
		{"a pointer ahead", header + "\xc0\x0e\x00", 12, "", 0, dns.ErrPointer},
		{"a pointer into the name that holds it", header + "\x01a\xc0\x0c", 12, "", 0, dns.ErrPointer},
		{"two that point to each other", header + "\xc0\x0e\xc0\x0c", 14, "", 0, dns.ErrPointer},
		{"each hop lower than the last", header + "\x01a\x00\x01b\xc0\x0c\x01c\xc0\x0f", 19, "c.b.a.", 23, nil},
		{"a hop back, then into what was read", header + "\x01a\x01b\x00\x01c\xc0\x0e\xc0\x0c", 21, "a.b.", 23, nil},
		{"label type 01", header + "\x41a\x00", 12, "", 0, dns.ErrLabel},
		{"label type 10", header + "\x81a\x00", 12, "", 0, dns.ErrLabel},
		{"no octet", header, 12, "", 0, io.ErrUnexpectedEOF},
		{"a label cut", header + "\x05abcd", 12, "", 0, io.ErrUnexpectedEOF},
		{"no end", header + "\x01a", 12, "", 0, io.ErrUnexpectedEOF},
		{"half a pointer", header + "\xc0", 12, "", 0, io.ErrUnexpectedEOF},
		{"2.3.4 a name of 255 octets", header + strings.Repeat("\x01a", 127) + "\x00", 12, strings.Repeat("a.", 127), 12 + 255, nil},
		{"2.3.4 a name of 257 octets", header + strings.Repeat("\x01a", 128) + "\x00", 12, "", 0, dns.ErrNameTooLong},
		{"2.3.4 too long behind a pointer", header + strings.Repeat("\x01a", 127) + "\x00" + "\x01b\xc0\x0c", 12 + 255, "", 0, dns.ErrNameTooLong},
	} {
		t.Run(tt.name, func(t *testing.T) {
			n, next, err := dns.ParseNameAt([]byte(tt.msg), tt.off)
			if tt.err != nil {
				require.ErrorIs(t, err, tt.err)
				var pe *dns.ParseError
				require.ErrorAs(t, err, &pe)
				assert.Equal(t, int(dns.RCodeFormErr), pe.Reply)
				assert.Equal(t, tt.off, next)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, tt.want, n.String())
			assert.Equal(t, tt.next, next)
			// What stands behind the name does not matter.
			again, _, err := dns.ParseNameAt([]byte(tt.msg[:tt.next]+"\xff\xff\xff"), tt.off)
			require.NoError(t, err)
			assert.Equal(t, n, again)
		})
	}
}

// The octets are appended, whatever stands before them.
func TestParseNameAtKeepsWhatIsBefore(t *testing.T) {
	dst := []byte("before")
	got, next, err := dns.AppendNameAt(dst, []byte("\x01a\x00"), 0)
	require.NoError(t, err)
	assert.Equal(t, 3, next)
	assert.Equal(t, "before\x01a\x00", string(got))
}
