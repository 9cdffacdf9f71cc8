package ftp_test

import (
	"io/fs"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/ftp"
)

func TestParseReply(t *testing.T) {
	tests := []struct {
		name, in string
		want     ftp.Reply
		n        int
		wantErr  error
	}{
		{"one line", "220 (vsFTPd 3.0.5)\r\n", ftp.Reply{Code: 220, Lines: []string{"(vsFTPd 3.0.5)"}}, 20, nil},
		{"959-4.2 many lines", "211-Features:\r\n MDTM\r\n 500 inside\r\n211 End\r\n331 next", ftp.Reply{Code: 211, Lines: []string{"Features:", " MDTM", " 500 inside", "End"}}, 44, nil},
		{"each line with its code, as Pure-FTPd greets", "220-Welcome\r\n220-You are 1 of 50\r\n220 bye\r\n", ftp.Reply{Code: 220, Lines: []string{"Welcome", "You are 1 of 50", "bye"}}, 43, nil},
		{"LF alone", "200 ok\n", ftp.Reply{Code: 200, Lines: []string{"ok"}}, 7, nil},
		{"2228-4 a protected reply", "632 YWJj\r\n", ftp.Reply{Code: 632, Lines: []string{"YWJj"}}, 10, nil},
		{"half", "220-a\r\n220", ftp.Reply{}, 0, ftp.ErrIncomplete},
		{"no code", "SSH-2.0-x\r\n", ftp.Reply{}, 0, &ftp.ParseError{What: "reply code", Ref: "RFC 959 §4.2", Err: ftp.ErrSyntax}},
		{"a code of none", "099 a\r\n", ftp.Reply{}, 0, &ftp.ParseError{What: "reply code", Ref: "RFC 959 §4.2", Err: ftp.ErrSyntax}},
		{"a code too large", "700 a\r\n", ftp.Reply{}, 0, &ftp.ParseError{What: "reply code", Ref: "RFC 959 §4.2", Err: ftp.ErrSyntax}},
		{"endless lines", "220-" + strings.Repeat("a\r\n", 513), ftp.Reply{}, 0, &ftp.LimitError{Name: "MaxReplyLines", Max: 512}},
		{"an endless line", "220 " + strings.Repeat("a", 64<<10), ftp.Reply{}, 0, &ftp.LimitError{Name: "MaxReply", Max: 64 << 10}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, n, err := ftp.ParseReply([]byte(tt.in), nil)
			assert.Equal(t, tt.wantErr, err)
			assert.Equal(t, tt.want, r)
			assert.Equal(t, tt.n, n)
		})
	}
}

func TestParseReplyLimits(t *testing.T) {
	b := []byte("220-a\r\nb\r\n220 c\r\n")
	_, _, err := ftp.ParseReply(b, &ftp.Limits{MaxReplyLines: 2})
	assert.Equal(t, &ftp.LimitError{Name: "MaxReplyLines", Max: 2}, err)
	_, _, err = ftp.ParseReply(b, &ftp.Limits{MaxReply: 8})
	assert.Equal(t, &ftp.LimitError{Name: "MaxReply", Max: 8}, err)
	_, n, err := ftp.ParseReply(b, &ftp.Limits{MaxReply: len(b), MaxReplyLines: 3})
	assert.NoError(t, err)
	assert.Equal(t, len(b), n)
}

func TestAppendReply(t *testing.T) {
	tests := []struct {
		name    string
		in      ftp.Reply
		want    string
		wantErr error
	}{
		{"one line", ftp.Reply{Code: 200, Lines: []string{"ok"}}, "200 ok\r\n", nil},
		{"no line", ftp.Reply{Code: 200}, "200 \r\n", nil},
		{"959-4.2 padding", ftp.Reply{Code: 214, Lines: []string{"Help", "226 is good", "done"}}, "214-Help\r\n 226 is good\r\n214 done\r\n", nil},
		{"2228-4 a protected reply", ftp.Reply{Code: 699, Lines: []string{"x"}}, "699 x\r\n", nil},
		{"a code that nobody reads", ftp.Reply{Code: 700}, "", &ftp.ParseError{What: "reply code", Ref: "RFC 959 §4.2", Err: ftp.ErrValue}},
		{"no code", ftp.Reply{Code: 20}, "", &ftp.ParseError{What: "reply code", Ref: "RFC 959 §4.2", Err: ftp.ErrValue}},
		{"a second reply in a name", ftp.Reply{Code: 257, Lines: []string{"\"/a\r\n230 in\""}}, "", &ftp.ParseError{Offset: 3, What: "reply text", Ref: "RFC 959 §4.2", Err: ftp.ErrControlOctet}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b, err := ftp.AppendReply(nil, tt.in)
			assert.Equal(t, tt.wantErr, err)
			assert.Equal(t, tt.want, string(b))
		})
	}
}

func TestReply(t *testing.T) {
	r := ftp.Reply{Code: 211, Lines: []string{"a", "b"}}
	assert.Equal(t, "a\nb", r.Text())
	assert.Equal(t, "211 a / b", r.String())
	assert.NoError(t, r.Err())
	r.Code = 550
	var refused *ftp.ReplyError
	require.ErrorAs(t, r.Err(), &refused)
	assert.Equal(t, &ftp.ReplyError{Code: 550, Text: "a\nb"}, refused)
}

func TestReplyErrorIs(t *testing.T) {
	all := []error{ftp.ErrNotLoggedIn, ftp.ErrNotFound, fs.ErrNotExist, fs.ErrPermission, fs.ErrExist, ftp.ErrDataConn, ftp.ErrNoSpace, ftp.ErrName, ftp.ErrTLSRequired}
	tests := []struct {
		name string
		code int
		text string
		is   []error
	}{
		{"not logged in", 530, "Please login with USER and PASS.", []error{ftp.ErrNotLoggedIn}},
		{"account wanted", 532, "Need account.", []error{ftp.ErrNotLoggedIn}},
		{"550 without a reason", 550, "Failed to open file.", []error{ftp.ErrNotFound, fs.ErrNotExist, fs.ErrPermission}},
		{"550 not there", 550, "x: No such file or directory", []error{ftp.ErrNotFound, fs.ErrNotExist}},
		{"550 not allowed", 550, "Permission denied.", []error{ftp.ErrNotFound, fs.ErrPermission}},
		{"550 there already", 550, "x: File exists", []error{ftp.ErrNotFound, fs.ErrExist}},
		{"959 521 there already", 521, "\"/x\" directory already exists", []error{fs.ErrExist}},
		{"4217-10.2 521 protection", 521, "data connection cannot be opened with this PROT setting", []error{ftp.ErrTLSRequired}},
		{"4217-10.2 522 reuse wanted", 522, "SSL connection failed; session reuse required", []error{ftp.ErrTLSRequired}},
		{"2428-2 522 family", 522, "Network protocol not supported, use (1)", nil},
		{"no data connection", 425, "Use PORT or PASV first.", []error{ftp.ErrDataConn}},
		{"broken data connection", 426, "Failure writing network stream.", []error{ftp.ErrDataConn}},
		{"full", 452, "No space", []error{ftp.ErrNoSpace}},
		{"quota", 552, "Quota exceeded", []error{ftp.ErrNoSpace}},
		{"name", 553, "Could not create file.", []error{ftp.ErrName}},
		{"policy", 534, "no", []error{ftp.ErrTLSRequired}},
		{"vsftpd without TLS", 530, "Non-anonymous sessions must use encryption.", []error{ftp.ErrNotLoggedIn, ftp.ErrTLSRequired}},
		{"ProFTPD without TLS", 550, "SSL/TLS required on the control channel", []error{ftp.ErrNotFound, fs.ErrNotExist, fs.ErrPermission, ftp.ErrTLSRequired}},
		{"a file about TLS", 550, "tls.txt: not found", []error{ftp.ErrNotFound, fs.ErrNotExist}},
		{"local error", 451, "oops", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := &ftp.ReplyError{Code: tt.code, Text: tt.text}
			for _, target := range all {
				want := false
				for _, is := range tt.is {
					want = want || is == target
				}
				assert.Equal(t, want, err.Is(target), "%v", target)
			}
			assert.Equal(t, tt.code < 500, err.Temporary())
		})
	}
}

func TestReplyErrorText(t *testing.T) {
	assert.EqualError(t, &ftp.ReplyError{Code: 550, Text: "a\x1b[2J\nb"}, `ftp: reply 550: "a\x1b[2J\nb"`)
	long := (&ftp.ReplyError{Code: 550, Text: strings.Repeat("x", 1<<16)}).Error()
	assert.Less(t, len(long), 150)
}
