package ftp_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/ftp"
)

// addrCase is a text and the address in it, or what is wrong.
type addrCase struct {
	name, in string
	want     string
	wantErr  error
}

func run(t *testing.T, tests []addrCase, parse func(string) (netip.AddrPort, error)) {
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ap, err := parse(tt.in)
			assert.Equal(t, tt.wantErr, err)
			if tt.wantErr == nil {
				assert.Equal(t, tt.want, ap.String())
			} else {
				assert.Zero(t, ap)
			}
		})
	}
}

func TestParsePORT(t *testing.T) {
	fail := func(at int64, what string, err error) error {
		return &ftp.ParseError{Offset: at, What: what, Ref: "RFC 959 §5.3.2", Reply: 501, Err: err}
	}
	run(t, []addrCase{
		{"plain", "127,0,0,1,200,10", "127.0.0.1:51210", nil},
		{"leading zeros", "127,000,00,001,004,5", "127.0.0.1:1029", nil},
		{"the largest", "255,255,255,255,255,255", "255.255.255.255:65535", nil},
		{"empty", "", "", fail(0, "host-port", ftp.ErrSyntax)},
		{"too large a number", "127,0,0,256,4,5", "", fail(8, "host-port", ftp.ErrSyntax)},
		{"four digits", "127,0,0,0001,4,5", "", fail(8, "host-port", ftp.ErrSyntax)},
		{"five numbers", "127,0,0,1,4", "", fail(11, "host-port", ftp.ErrSyntax)},
		{"no sixth number", "127,0,0,1,4,", "", fail(12, "host-port", ftp.ErrSyntax)},
		{"seven numbers", "127,0,0,1,4,5,6", "", fail(13, "host-port", ftp.ErrSyntax)},
		{"a space", "127,0,0,1, 4,5", "", fail(10, "host-port", ftp.ErrSyntax)},
		{"a sign", "127,0,0,1,+4,5", "", fail(10, "host-port", ftp.ErrSyntax)},
		{"dots", "127.0.0.1,4,5", "", fail(3, "host-port", ftp.ErrSyntax)},
		{"no port", "127,0,0,1,0,0", "", fail(0, "port-number", ftp.ErrValue)},
	}, func(s string) (netip.AddrPort, error) { return ftp.ParsePORT([]byte(s)) })
}

func TestParseEPRT(t *testing.T) {
	fail := func(at int64, what string, reply int, err error) error {
		return &ftp.ParseError{Offset: at, What: what, Ref: "RFC 2428 §2", Reply: reply, Err: err}
	}
	run(t, []addrCase{
		{"2428-2 first sample", "|1|132.235.1.2|6275|", "132.235.1.2:6275", nil},
		{"2428-2 second sample", "|2|1080::8:800:200C:417A|5282|", "[1080::8:800:200c:417a]:5282", nil},
		{"another delimiter", "!1!127.0.0.1!1!", "127.0.0.1:1", nil},
		{"a letter as delimiter", "x1x127.0.0.1x1x", "127.0.0.1:1", nil},
		{"IPv4 written as IPv6", "|2|::ffff:192.0.2.1|65535|", "192.0.2.1:65535", nil},
		{"empty", "", "", fail(0, "EPRT argument", 501, ftp.ErrSyntax)},
		{"a space as delimiter", " 1 127.0.0.1 1 ", "", fail(0, "EPRT argument", 501, ftp.ErrSyntax)},
		{"a delimiter beyond ASCII", "\x7f1\x7f127.0.0.1\x7f1\x7f", "", fail(0, "EPRT argument", 501, ftp.ErrSyntax)},
		{"no last delimiter", "|1|127.0.0.1|1", "", fail(14, "EPRT argument", 501, ftp.ErrSyntax)},
		{"more behind", "|1|127.0.0.1|1||", "", fail(15, "EPRT argument", 501, ftp.ErrSyntax)},
		{"2428-2 another protocol", "|3|127.0.0.1|1|", "", fail(1, "net-prt", 522, ftp.ErrProtocol)},
		{"no protocol", "||127.0.0.1|1|", "", fail(1, "net-prt", 501, ftp.ErrSyntax)},
		{"a word as protocol", "|IP|127.0.0.1|1|", "", fail(1, "net-prt", 501, ftp.ErrSyntax)},
		{"the other family", "|1|::1|1|", "", fail(3, "net-addr", 501, ftp.ErrValue)},
		{"the other family too", "|2|127.0.0.1|1|", "", fail(3, "net-addr", 501, ftp.ErrValue)},
		{"a zone", "|2|fe80::1%eth0|1|", "", fail(3, "net-addr", 501, ftp.ErrValue)},
		{"a name", "|1|localhost|1|", "", fail(3, "net-addr", 501, ftp.ErrValue)},
		{"no port", "|1|127.0.0.1||", "", fail(13, "tcp-port", 501, ftp.ErrValue)},
		{"port 0", "|1|127.0.0.1|0|", "", fail(13, "tcp-port", 501, ftp.ErrValue)},
		{"too large a port", "|1|127.0.0.1|65536|", "", fail(13, "tcp-port", 501, ftp.ErrValue)},
	}, func(s string) (netip.AddrPort, error) { return ftp.ParseEPRT([]byte(s)) })
}

func TestParseEPSV(t *testing.T) {
	tests := []struct {
		in       string
		protocol int
		all      bool
		wantErr  error
	}{
		{"", 0, false, nil},
		{"1", 1, false, nil},
		{"2", 2, false, nil},
		{"ALL", 0, true, nil},
		{"all", 0, true, nil},
		{"3", 0, false, &ftp.ParseError{What: "net-prt", Ref: "RFC 2428 §2", Reply: 522, Err: ftp.ErrProtocol}},
		{"1 ", 0, false, &ftp.ParseError{What: "net-prt", Ref: "RFC 2428 §2", Reply: 501, Err: ftp.ErrSyntax}},
		{"99999999999", 0, false, &ftp.ParseError{What: "net-prt", Ref: "RFC 2428 §2", Reply: 501, Err: ftp.ErrSyntax}},
	}
	for _, tt := range tests {
		protocol, all, err := ftp.ParseEPSV([]byte(tt.in))
		assert.Equal(t, tt.wantErr, err, tt.in)
		assert.Equal(t, tt.protocol, protocol, tt.in)
		assert.Equal(t, tt.all, all, tt.in)
	}
}

func TestParse227(t *testing.T) {
	none := func(text string) error {
		return &ftp.ParseError{Offset: int64(len(text)), What: "host-port", Ref: "RFC 1123 §4.1.2.6", Err: ftp.ErrSyntax}
	}
	long := strings.Repeat("1, ", 20000)
	run(t, []addrCase{
		{"959-5.4 with parentheses", "Entering Passive Mode (127,0,0,1,200,10).", "127.0.0.1:51210", nil},
		{"959-6 without", "Entering Passive Mode. 127,0,0,1,200,10", "127.0.0.1:51210", nil},
		{"after an equals sign", "Passive mode OK =127,0,0,1,200,10", "127.0.0.1:51210", nil},
		{"spaces behind commas", "Entering Passive Mode (127, 0, 0,  1, 200, 10)", "127.0.0.1:51210", nil},
		{"another number first", "Passive 2.0 mode 1, 2 (127,0,0,1,200,10)", "127.0.0.1:51210", nil},
		{"numbers too large first", "1270,0,0,1,4,5 127,0,0,1,200,10", "127.0.0.1:51210", nil},
		{"five numbers", "(127,0,0,1,200)", "", none("(127,0,0,1,200)")},
		{"no port", "(127,0,0,1,0,0)", "", none("(127,0,0,1,0,0)")},
		{"a last number of four digits", "(127,0,0,1,0,0010)", "", none("(127,0,0,1,0,0010)")},
		{"empty", "", "", none("")},
		{"much of nothing", long + "x", "1.1.1.1:257", nil},
	}, ftp.Parse227)
}

func TestParse229(t *testing.T) {
	tests := []struct {
		name, in string
		want     uint16
	}{
		{"2428-3 sample", "Entering Extended Passive Mode (|||6446|)", 6446},
		{"another delimiter", "Entering Extended Passive Mode (!!!6446!)", 6446},
		{"a digit as delimiter", "(11164461)", 6446},
		{"an address where none belongs", "Extended (|1|192.0.2.1|6446|).", 6446},
		{"parentheses before", "Entering (really) passive (mode) (|||6446|)", 6446},
		{"no parentheses", "Entering Extended Passive Mode |||6446|", 0},
		{"not closed", "Entering Extended Passive Mode (|||6446|", 0},
		{"closed by something else", "Entering Extended Passive Mode (|||6446|]", 0},
		{"two delimiters", "(||6446|)", 0},
		{"two kinds of delimiter", "(||!6446|)", 0},
		{"no port", "(||||)", 0},
		{"port 0", "(|||0|)", 0},
		{"too large a port", "(|||65536|)", 0},
		{"a sign", "(|||+1|)", 0},
		{"the end at once", "(", 0},
		{"much of nothing", strings.Repeat("(", 1<<16), 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			port, err := ftp.Parse229(tt.in)
			assert.Equal(t, tt.want, port)
			if tt.want == 0 {
				assert.Equal(t, &ftp.ParseError{Offset: int64(len(tt.in)), What: "tcp-port", Ref: "RFC 2428 §3", Err: ftp.ErrSyntax}, err)
			} else {
				assert.NoError(t, err)
			}
		})
	}
}

func TestAppendAddr(t *testing.T) {
	write := func(appendTo func([]byte, netip.AddrPort) ([]byte, error)) func(string) (string, error) {
		return func(s string) (string, error) {
			b, err := appendTo([]byte("x"), netip.MustParseAddrPort(s))
			require.Equal(t, "x", string(b[:1]), "what was there stays")
			return string(b[1:]), err
		}
	}
	port, eprt, text227 := write(ftp.AppendPORT), write(ftp.AppendEPRT), write(ftp.Append227)
	tests := []struct {
		name    string
		write   func(string) (string, error)
		in      string
		want    string
		wantErr error
	}{
		{"PORT", port, "127.0.0.1:51210", "127,0,0,1,200,10", nil},
		{"PORT of IPv4 in IPv6", port, "[::ffff:127.0.0.1]:80", "127,0,0,1,0,80", nil},
		{"PORT of IPv6", port, "[::1]:80", "", ftp.ErrProtocol},
		{"PORT without port", port, "127.0.0.1:0", "", ftp.ErrValue},
		{"EPRT of IPv4", eprt, "132.235.1.2:6275", "|1|132.235.1.2|6275|", nil},
		{"EPRT of IPv6", eprt, "[1080::8:800:200C:417A]:5282", "|2|1080::8:800:200c:417a|5282|", nil},
		{"EPRT with a zone", eprt, "[fe80::1%eth0]:80", "|2|fe80::1|80|", nil},
		{"EPRT without port", eprt, "[::1]:0", "", ftp.ErrValue},
		{"227", text227, "127.0.0.1:51210", "Entering Passive Mode (127,0,0,1,200,10).", nil},
		{"227 of IPv6", text227, "[::1]:80", "", ftp.ErrProtocol},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tt.write(tt.in)
			assert.ErrorIs(t, err, tt.wantErr)
			assert.Equal(t, tt.want, got)
		})
	}
	_, err := ftp.AppendEPRT(nil, netip.AddrPort{})
	assert.ErrorIs(t, err, ftp.ErrValue, "no address")
	b, err := ftp.Append229(nil, 6446)
	assert.NoError(t, err)
	assert.Equal(t, "Entering Extended Passive Mode (|||6446|)", string(b))
	_, err = ftp.Append229(nil, 0)
	assert.ErrorIs(t, err, ftp.ErrValue)
}
