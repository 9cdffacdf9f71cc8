package ftp_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"applayer/ftp"
)

func TestParseCommand(t *testing.T) {
	code := func(at int64) error {
		return &ftp.ParseError{Offset: at, What: "command code", Ref: "RFC 959 §5.3", Reply: 500, Err: ftp.ErrSyntax}
	}
	tests := []struct {
		name, in string
		want     ftp.Command
		wantErr  error
	}{
		{"no argument", "NOOP", ftp.Command{Verb: ftp.VerbNOOP}, nil},
		{"three letters", "CWD /pub", ftp.Command{Verb: ftp.VerbCWD, Arg: []byte("/pub")}, nil},
		{"959-5.3 any case", "rEtR a", ftp.Command{Verb: ftp.VerbRETR, Arg: []byte("a")}, nil},
		{"an empty argument is one", "PASS ", ftp.Command{Verb: ftp.VerbPASS, Arg: []byte("")}, nil},
		{"3659-2.2 spaces belong to names", "STOR  a ", ftp.Command{Verb: ftp.VerbSTOR, Arg: []byte(" a ")}, nil},
		{"a CR belongs to a name", "STOR a\rb", ftp.Command{Verb: ftp.VerbSTOR, Arg: []byte("a\rb")}, nil},
		{"3659-2.2 all octets", "DELE \xff\x80\t", ftp.Command{Verb: ftp.VerbDELE, Arg: []byte("\xff\x80\t")}, nil},
		{"775 the names that were before", "XPWD", ftp.Command{Verb: ftp.VerbPWD}, nil},
		{"775 xmkd", "xmkd a", ftp.Command{Verb: ftp.VerbMKD, Arg: []byte("a")}, nil},
		{"775 xrmd", "XRMD a", ftp.Command{Verb: ftp.VerbRMD, Arg: []byte("a")}, nil},
		{"775 xcup", "XCUP", ftp.Command{Verb: ftp.VerbCDUP}, nil},
		{"775 xcwd", "XCWD a", ftp.Command{Verb: ftp.VerbCWD, Arg: []byte("a")}, nil},
		{"1639 long addresses", "LPRT 6,16", ftp.Command{Verb: ftp.VerbLPRT, Arg: []byte("6,16")}, nil},
		{"not known", "FOOB a", ftp.Command{Arg: []byte("a")}, nil},
		{"not known, three letters", "GET a", ftp.Command{Arg: []byte("a")}, nil},
		{"nothing", "", ftp.Command{}, code(0)},
		{"two letters", "LS", ftp.Command{}, code(0)},
		{"five letters", "QUITE", ftp.Command{}, code(0)},
		{"a space first", " NOOP", ftp.Command{}, code(0)},
		{"a tab for the space", "CWD\t/pub", ftp.Command{}, code(0)},
		{"a digit", "CW1 a", ftp.Command{}, code(2)},
		{"what stands behind the letters", "PW[D a", ftp.Command{}, code(2)},
		{"what stands before them", "PW@D a", ftp.Command{}, code(2)},
		{"a letter beyond ASCII", "PW\xc4 a", ftp.Command{}, code(2)},
		{"an octet of Telnet", "\xff\xf4ABOR", ftp.Command{}, code(0)},
		{"a request of HTTP", "GET / HTTP/1.1", ftp.Command{Arg: []byte("/ HTTP/1.1")}, nil},
		{"NUL", "STOR a\x00.txt", ftp.Command{Verb: ftp.VerbSTOR, Arg: []byte("a\x00.txt")}, &ftp.ParseError{Offset: 6, What: "argument", Ref: "RFC 959 §5.3.2", Reply: 501, Err: ftp.ErrControlOctet}},
		{"NUL in the code", "ST\x00R a", ftp.Command{}, code(2)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cmd, err := ftp.ParseCommand([]byte(tt.in))
			assert.Equal(t, tt.wantErr, err)
			assert.Equal(t, tt.want, cmd)
		})
	}
}

func TestAppendCommand(t *testing.T) {
	control := func(at int64) error {
		return &ftp.ParseError{Offset: at, What: "argument", Ref: "RFC 959 §5.3.2", Err: ftp.ErrControlOctet}
	}
	unknown := &ftp.ParseError{What: "command code", Ref: "RFC 959 §5.3", Err: ftp.ErrValue}
	tests := []struct {
		name    string
		in      ftp.Command
		want    string
		wantErr error
	}{
		{"no argument", ftp.Command{Verb: ftp.VerbQUIT}, "QUIT\r\n", nil},
		{"an empty argument", ftp.Command{Verb: ftp.VerbPASS, Arg: []byte{}}, "PASS \r\n", nil},
		{"spaces", ftp.Command{Verb: ftp.VerbRETR, Arg: []byte(" a ")}, "RETR  a \r\n", nil},
		{"a second command in a name", ftp.Command{Verb: ftp.VerbRETR, Arg: []byte("a\r\nDELE a")}, "", control(1)},
		{"LF", ftp.Command{Verb: ftp.VerbRETR, Arg: []byte("a\n")}, "", control(1)},
		{"CR", ftp.Command{Verb: ftp.VerbRETR, Arg: []byte("\ra")}, "", control(0)},
		{"NUL", ftp.Command{Verb: ftp.VerbRETR, Arg: []byte("ab\x00")}, "", control(2)},
		{"no verb", ftp.Command{}, "", unknown},
		{"no such verb", ftp.Command{Verb: 250}, "", unknown},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b, err := ftp.AppendCommand([]byte("x"), tt.in)
			assert.Equal(t, tt.wantErr, err)
			assert.Equal(t, "x"+tt.want, string(b))
		})
	}
}

// Each verb is written as its name, and read back as itself.
func TestVerbs(t *testing.T) {
	seen := map[string]bool{}
	v := ftp.VerbABOR
	for ; v.String() != "unknown"; v++ {
		name := v.String()
		assert.False(t, seen[name], name)
		seen[name] = true
		cmd, err := ftp.ParseCommand([]byte(name))
		assert.NoError(t, err, name)
		assert.Equal(t, v, cmd.Verb, name)
	}
	assert.Greater(t, len(seen), 50, "all have a name")
	assert.Equal(t, "unknown", ftp.VerbUnknown.String())
	assert.Equal(t, "unknown", ftp.Verb(255).String())
}
