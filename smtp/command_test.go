package smtp_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/smtp"
)

// code is the answer that an error of ours asks for, as in "501 5.1.3".
func code(err error) string {
	if e, ok := errors.AsType[*smtp.ParseError](err); ok && e.Reply != 0 {
		return smtp.Reply{Code: e.Reply, Enhanced: e.Enhanced, Lines: []string{""}}.String()[:9]
	}
	if e, ok := errors.AsType[*smtp.LimitError](err); ok && e.Reply != 0 {
		return smtp.Reply{Code: e.Reply, Enhanced: e.Enhanced, Lines: []string{""}}.String()[:9]
	}
	return ""
}

func TestParseCommand(t *testing.T) {
	tests := []struct {
		name, in string
		verb     smtp.Verb
		arg      string
		err      error
		offset   int64
	}{
		{"5321-4.1.1 plain", "NOOP", smtp.VerbNOOP, "", nil, 0},
		{"5321-2.4 any case", "eHlO crepes.fr", smtp.VerbEHLO, "crepes.fr", nil, 0},
		{"5321-4.1.1 trailing spaces", "DATA  \t ", smtp.VerbDATA, "", nil, 0},
		{"5321-4.1.1 trailing space behind an argument", "RSET x ", smtp.VerbRSET, "x", nil, 0},
		{"spaces before the argument", "MAIL   FROM:<a@b>", smtp.VerbMAIL, "FROM:<a@b>", nil, 0},
		{"spaces within the argument", "MAIL FROM:  <a@b>  SIZE=1", smtp.VerbMAIL, "FROM:  <a@b>  SIZE=1", nil, 0},
		{"the longest verb", "starttls", smtp.VerbSTARTTLS, "", nil, 0},
		{"one letter more", "starttlss", smtp.VerbUnknown, "", nil, 0},
		{"a verb that nobody knows", "XYZZY a b", smtp.VerbUnknown, "a b", nil, 0},
		{"the beginning of a verb", "MAI FROM:<a@b>", smtp.VerbUnknown, "FROM:<a@b>", nil, 0},
		{"empty", "", smtp.VerbUnknown, "", smtp.ErrSyntax, 0},
		{"spaces alone", "   ", smtp.VerbUnknown, "", smtp.ErrSyntax, 0},
		{"a space before the verb", " NOOP", smtp.VerbUnknown, "", smtp.ErrSyntax, 0},
		{"a tab behind the verb", "HELO\tx", smtp.VerbUnknown, "", smtp.ErrSyntax, 4},
		{"HTTP", "GET/ HTTP", smtp.VerbUnknown, "", smtp.ErrSyntax, 3},
		{"TLS", "\x16\x03\x01", smtp.VerbUnknown, "", smtp.ErrSyntax, 0},
		{"5321-2.3.8 bare CR", "NOOP\rMAIL", smtp.VerbUnknown, "", smtp.ErrControlOctet, 4},
		{"5321-2.3.8 bare LF", "NOOP\nQUIT", smtp.VerbUnknown, "", smtp.ErrControlOctet, 4},
		{"5321-2.3.8 CR at the end", "QUIT\r", smtp.VerbUnknown, "", smtp.ErrControlOctet, 4},
		{"NUL", "VRFY a\x00b", smtp.VerbUnknown, "", smtp.ErrControlOctet, 6},
	}
	for _, tt := range tests {
		cmd, err := smtp.ParseCommand([]byte(tt.in))
		if tt.err != nil {
			assert.ErrorIs(t, err, tt.err, tt.name)
			assert.Equal(t, "500 5.5.2", code(err), tt.name)
			e, _ := errors.AsType[*smtp.ParseError](err)
			assert.Equal(t, tt.offset, e.Offset, tt.name)
			continue
		}
		require.NoError(t, err, tt.name)
		assert.Equal(t, tt.verb, cmd.Verb, tt.name)
		assert.Equal(t, tt.arg, string(cmd.Arg), tt.name)
	}
}

func TestVerbs(t *testing.T) {
	for v := smtp.VerbUnknown + 1; v <= smtp.VerbVRFY; v++ {
		cmd, err := smtp.ParseCommand([]byte(v.String()))
		require.NoError(t, err)
		assert.Equal(t, v, cmd.Verb)
	}
	assert.Equal(t, "unknown", smtp.VerbUnknown.String())
	assert.Equal(t, "unknown", smtp.Verb(200).String())
}

func TestAppendCommand(t *testing.T) {
	tests := []struct {
		name string
		cmd  smtp.Command
		want string
		err  error
	}{
		{"no argument", smtp.Command{Verb: smtp.VerbQUIT}, "QUIT\r\n", nil},
		{"an argument", smtp.Command{Verb: smtp.VerbEHLO, Arg: []byte("crepes.fr")}, "EHLO crepes.fr\r\n", nil},
		{"no verb", smtp.Command{}, "", smtp.ErrValue},
		{"none of ours", smtp.Command{Verb: 99}, "", smtp.ErrValue},
		{"CR", smtp.Command{Verb: smtp.VerbVRFY, Arg: []byte("a\rb")}, "", smtp.ErrControlOctet},
		{"LF", smtp.Command{Verb: smtp.VerbVRFY, Arg: []byte("a\nQUIT")}, "", smtp.ErrControlOctet},
		{"NUL", smtp.Command{Verb: smtp.VerbVRFY, Arg: []byte("\x00")}, "", smtp.ErrControlOctet},
	}
	for _, tt := range tests {
		got, err := smtp.AppendCommand(nil, tt.cmd)
		assert.Equal(t, tt.want, string(got), tt.name)
		assert.ErrorIs(t, err, tt.err, tt.name)
	}
}

func TestParseReply(t *testing.T) {
	lim := &smtp.Limits{MaxReplyLine: 40, MaxReplyLines: 3}
	tests := []struct {
		name, in string
		want     smtp.Reply
		err      error
		limit    string
	}{
		{"5321-4.2 one line", "250 OK\r\nx", smtp.Reply{Code: 250, Lines: []string{"OK"}}, nil, ""},
		{"5321-4.2.1 many lines", "250-a\r\n250-b\r\n250 c\r\n", smtp.Reply{Code: 250, Lines: []string{"a", "b", "c"}}, nil, ""},
		{"5321-4.2 a code alone", "250\r\n", smtp.Reply{Code: 250, Lines: []string{""}}, nil, ""},
		{"2034-4 a status code", "550 5.1.1 No\r\n", smtp.Reply{Code: 550, Enhanced: smtp.EnhancedCode{5, 1, 1}, Lines: []string{"No"}}, nil, ""},
		{"2034-4 in each line", "550-5.1.1 a\r\n550 5.1.1 b\r\n", smtp.Reply{Code: 550, Enhanced: smtp.EnhancedCode{5, 1, 1}, Lines: []string{"a", "b"}}, nil, ""},
		{"2034-4 alone", "250 2.0.0\r\n", smtp.Reply{Code: 250, Enhanced: smtp.EnhancedCode{2, 0, 0}, Lines: []string{""}}, nil, ""},
		{"2034-4 another class", "250 5.1.1 No\r\n", smtp.Reply{Code: 250, Lines: []string{"5.1.1 No"}}, nil, ""},
		{"2034-4 none with 3yz", "354 3.0.0 Go\r\n", smtp.Reply{Code: 354, Lines: []string{"3.0.0 Go"}}, nil, ""},
		{"in the first line only", "550-5.1.1 a\r\n550 b\r\n", smtp.Reply{Code: 550, Lines: []string{"5.1.1 a", "b"}}, nil, ""},
		{"in the first line longer", "550-5.1.1 a\r\n550 5.1.10 b\r\n", smtp.Reply{Code: 550, Lines: []string{"5.1.1 a", "5.1.10 b"}}, nil, ""},
		{"3463-2 leading zero", "550 5.01.1 a\r\n", smtp.Reply{Code: 550, Lines: []string{"5.01.1 a"}}, nil, ""},
		{"3463-2 four digits", "550 5.1.1000 a\r\n", smtp.Reply{Code: 550, Lines: []string{"5.1.1000 a"}}, nil, ""},
		{"an address", "250 2.0.0.1 a\r\n", smtp.Reply{Code: 250, Lines: []string{"2.0.0.1 a"}}, nil, ""},
		{"incomplete", "250-a\r\n250 b\r", smtp.Reply{}, smtp.ErrIncomplete, ""},
		{"nothing", "", smtp.Reply{}, smtp.ErrIncomplete, ""},
		{"5321-4.2.1 mixed codes", "250-a\r\n550 b\r\n", smtp.Reply{}, smtp.ErrValue, ""},
		{"no code", "hello\r\n", smtp.Reply{}, smtp.ErrSyntax, ""},
		{"no code in the second line", "250-a\r\nb\r\n", smtp.Reply{}, smtp.ErrSyntax, ""},
		{"first digit 1", "150 a\r\n", smtp.Reply{}, smtp.ErrSyntax, ""},
		{"first digit 6", "600 a\r\n", smtp.Reply{}, smtp.ErrSyntax, ""},
		{"no separator", "250a\r\n", smtp.Reply{}, smtp.ErrSyntax, ""},
		{"5321-2.3.8 bare LF", "250 a\n", smtp.Reply{}, smtp.ErrBareNewline, ""},
		{"5321-2.3.8 bare CR", "250 a\rb\r\n", smtp.Reply{}, smtp.ErrBareNewline, ""},
		{"5321-4.5.3.1.5 line too long", "250 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n", smtp.Reply{}, nil, "MaxReplyLine"},
		{"too many lines", "250-a\r\n250-b\r\n250-c\r\n250 d\r\n", smtp.Reply{}, nil, "MaxReplyLines"},
	}
	for _, tt := range tests {
		r, n, err := smtp.ParseReply([]byte(tt.in), lim)
		switch {
		case tt.limit != "":
			e, ok := errors.AsType[*smtp.LimitError](err)
			require.True(t, ok, tt.name)
			assert.Equal(t, tt.limit, e.Name, tt.name)
		case tt.err != nil:
			assert.ErrorIs(t, err, tt.err, tt.name)
			assert.Zero(t, n, tt.name)
		default:
			require.NoError(t, err, tt.name)
			assert.Equal(t, tt.want, r, tt.name)
			assert.Equal(t, byte('\n'), tt.in[n-1], tt.name)
		}
	}
}

func TestAppendReply(t *testing.T) {
	tests := []struct {
		name  string
		reply smtp.Reply
		want  string
		err   error
	}{
		{"one line", smtp.Reply{Code: 220, Lines: []string{"hamburger.edu"}}, "220 hamburger.edu\r\n", nil},
		{"many", smtp.Reply{Code: 250, Lines: []string{"a", "", "c"}}, "250-a\r\n250-\r\n250 c\r\n", nil},
		{"none", smtp.Reply{Code: 250}, "250 \r\n", nil},
		{"2034-4 status codes", smtp.Reply{Code: 452, Enhanced: smtp.EnhancedCode{4, 5, 3}, Lines: []string{"a", ""}}, "452-4.5.3 a\r\n452 4.5.3\r\n", nil},
		{"2034-4 another class", smtp.Reply{Code: 250, Enhanced: smtp.EnhancedCode{5, 0, 0}}, "", smtp.ErrValue},
		{"2034-4 none with 3yz", smtp.Reply{Code: 354, Enhanced: smtp.EnhancedCode{3, 0, 0}}, "", smtp.ErrValue},
		{"3463-2 four digits", smtp.Reply{Code: 550, Enhanced: smtp.EnhancedCode{5, 1, 1000}}, "", smtp.ErrValue},
		{"code too low", smtp.Reply{Code: 199}, "", smtp.ErrValue},
		{"code too high", smtp.Reply{Code: 600}, "", smtp.ErrValue},
		{"two replies", smtp.Reply{Code: 250, Lines: []string{"a\r\n550 b"}}, "", smtp.ErrControlOctet},
		{"NUL", smtp.Reply{Code: 250, Lines: []string{"a", "\x00"}}, "", smtp.ErrControlOctet},
	}
	for _, tt := range tests {
		got, err := smtp.AppendReply([]byte("x"), tt.reply)
		assert.Equal(t, "x"+tt.want, string(got), tt.name)
		assert.ErrorIs(t, err, tt.err, tt.name)
	}
}

func TestReplyStrings(t *testing.T) {
	r := smtp.Reply{Code: 550, Enhanced: smtp.EnhancedCode{5, 1, 1}, Lines: []string{"a", "b"}}
	assert.Equal(t, "550 5.1.1 a / b", r.String())
	assert.Equal(t, "a\nb", r.Text())
	assert.Equal(t, "", smtp.EnhancedCode{}.String())
}

func TestParseEnhancedCode(t *testing.T) {
	c, err := smtp.ParseEnhancedCode("4.4.123")
	require.NoError(t, err)
	assert.Equal(t, smtp.EnhancedCode{4, 4, 123}, c)
	for _, s := range []string{"", "5", "5.1", "5.1.", "3.1.1", "5.1.1 ", "5.1.1000", "5.00.1", "x.1.1", "5,1,1"} {
		_, err := smtp.ParseEnhancedCode(s)
		assert.ErrorIs(t, err, smtp.ErrSyntax, s)
	}
}
