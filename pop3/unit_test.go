package pop3_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"applayer/pop3"
)

func TestErrorTexts(t *testing.T) {
	tests := []struct {
		err  error
		want string
	}{
		{&pop3.ParseError{Offset: 4, What: "size", Ref: "RFC 1939 §5", Err: pop3.ErrSyntax}, "pop3: size: syntax at byte 4 (RFC 1939 §5)"},
		{&pop3.ParseError{What: "keyword"}, "pop3: keyword at byte 0"},
		{&pop3.ProtocolError{Remote: true, State: "Authorization", Event: "Command", Ref: "RFC 1939 §5"}, "pop3: peer: no Command in state Authorization (RFC 1939 §5)"},
		{&pop3.ProtocolError{State: "Authorization", Event: "Command", Ref: "RFC 1939 §5"}, "pop3: no Command in state Authorization (RFC 1939 §5)"},
		{&pop3.LimitError{Name: "MaxLine", Max: 255}, "pop3: limit MaxLine of 255 reached"},
		{&pop3.ReplyError{Command: "PASS", Response: pop3.Response{Status: pop3.StatusErr, Code: "IN-USE", Text: "No\tway"}}, `pop3: PASS: refused [IN-USE]: "No\tway"`},
		{pop3.Refuse(pop3.ResponseCode(strings.Repeat("X", 200)), "no"), "pop3: refused [" + strings.Repeat("X", 100) + `]: "no"`},
		{pop3.Refuse("", strings.Repeat("x", 200)), `pop3: refused: "` + strings.Repeat("x", 100) + `"`},
	}
	for _, tt := range tests {
		assert.Equal(t, tt.want, tt.err.Error())
	}
	assert.ErrorIs(t, tests[0].err, pop3.ErrSyntax)
}

func TestReplyErrorKinds(t *testing.T) {
	tests := []struct {
		code                     pop3.ResponseCode
		temporary, auth, isInUse bool
	}{
		{"", false, false, false},
		{"in-use", true, false, true},
		{"IN-USE/POP3", true, false, true},
		{"LOGIN-DELAY", true, false, false},
		{"SYS/TEMP", true, false, false},
		{"SYS/PERM", false, false, false},
		{"SYS", false, false, false},
		{"AUTH", false, true, false},
		{"AUTHOR", false, false, false},
	}
	for _, tt := range tests {
		err := pop3.Refuse(tt.code, "")
		assert.Equal(t, tt.temporary, err.Temporary(), tt.code)
		assert.Equal(t, tt.auth, errors.Is(err, pop3.ErrAuthRefused), tt.code)
		assert.Equal(t, tt.isInUse, errors.Is(err, pop3.ErrInUse), tt.code)
	}
}

func TestParseCommand(t *testing.T) {
	tests := []struct {
		in   string
		verb pop3.Verb
		arg  string
		at   int64 // of the error, -1 for none
	}{
		{"QUIT", pop3.VerbQUIT, "<nil>", -1},
		{"top 1 10", pop3.VerbTOP, "1 10", -1},
		{"PASS  a b ", pop3.VerbPASS, " a b ", -1},
		{"PASS ", pop3.VerbPASS, "", -1},
		{"XTND x", pop3.VerbUnknown, "x", -1},
		{"uTf8", pop3.VerbUTF8, "<nil>", -1},
		{"", 0, "", 0},
		{"AB", 0, "", 2},
		{"RETRIEVE", 0, "", 4},
		{" QUIT", 0, "", 0},
		{"QU\x80T", 0, "", 2},
		{"LIST \x00", 0, "", 5},
		{"LIST\r1", 0, "", 4},
		{"LIST\n1", 0, "", 4},
	}
	for _, tt := range tests {
		cmd, err := pop3.ParseCommand([]byte(tt.in))
		if tt.at >= 0 {
			parse, is := errors.AsType[*pop3.ParseError](err)
			assert.True(t, is, tt.in)
			assert.Equal(t, tt.at, parse.Offset, tt.in)
			continue
		}
		assert.NoError(t, err, tt.in)
		assert.Equal(t, tt.verb, cmd.Verb, tt.in)
		if tt.arg == "<nil>" {
			assert.Nil(t, cmd.Arg, tt.in)
		} else {
			assert.Equal(t, tt.arg, string(cmd.Arg), tt.in)
		}
	}
}

// What would be two commands is none.
func TestAppendCommandRefuses(t *testing.T) {
	for _, cmd := range []pop3.Command{
		{Verb: pop3.VerbUnknown}, {Verb: 99},
		{Verb: pop3.VerbUSER, Arg: []byte("bob\r\nDELE 1")},
		{Verb: pop3.VerbUSER, Arg: []byte("bob\nDELE 1")},
		{Verb: pop3.VerbUSER, Arg: []byte("bob\x00")},
	} {
		b, err := pop3.AppendCommand([]byte("before"), cmd)
		_, is := errors.AsType[*pop3.ParseError](err)
		assert.True(t, is)
		assert.Equal(t, "before", string(b))
	}
}

func TestResponses(t *testing.T) {
	lim := &pop3.Limits{MaxResponse: 20}
	tests := []struct {
		in   string
		want pop3.Response
		n    int
	}{
		{"+OK\r\n", pop3.Response{}, 5},
		{"+OK 2 320\r\nmore", pop3.Response{Text: "2 320"}, 11},
		{"-ERR [AUTH] no\r\n", pop3.Response{Status: pop3.StatusErr, Code: "AUTH", Text: "no"}, 16},
		{"-ERR [AUTH]no\r\n", pop3.Response{Status: pop3.StatusErr, Code: "AUTH", Text: "no"}, 15},
		{"-ERR [AUTH\r\n", pop3.Response{Status: pop3.StatusErr, Text: "[AUTH"}, 12},
		{"-ERR [a b] c\r\n", pop3.Response{Status: pop3.StatusErr, Text: "[a b] c"}, 14},
		{"+OK []\r\n", pop3.Response{Text: "[]"}, 8},
		{"+ \r\n", pop3.Response{Status: pop3.StatusContinue}, 4},
		{"+ QQ==\n", pop3.Response{Status: pop3.StatusContinue, Text: "QQ=="}, 7},
	}
	for _, tt := range tests {
		r, n, err := pop3.ParseResponse([]byte(tt.in), lim)
		assert.NoError(t, err, tt.in)
		assert.Equal(t, tt.want, r, tt.in)
		assert.Equal(t, tt.n, n, tt.in)
	}
	for _, in := range []string{"ok\r\n", "+OKAY\r\n", "-ERROR\r\n", "+ok\r\n", "\r\n", "+OK a\rb\r\n", "+OK \x00\r\n"} {
		_, _, err := pop3.ParseResponse([]byte(in), lim)
		_, is := errors.AsType[*pop3.ParseError](err)
		assert.True(t, is, in)
	}
	for _, in := range []string{"+OK 0123456789abcdef", "+OK 0123456789abcdef\r\n"} {
		_, _, err := pop3.ParseResponse([]byte(in), lim)
		assert.Equal(t, &pop3.LimitError{Name: "MaxResponse", Max: 20}, err)
	}
	_, _, err := pop3.ParseResponse([]byte("+OK 0123"), lim)
	assert.Equal(t, pop3.ErrIncomplete, err)
	for _, r := range []pop3.Response{
		{Text: "a\r\n-ERR"}, {Status: 7}, {Text: "[AUTH] x"}, {Status: pop3.StatusErr, Code: "a]"}, {Status: pop3.StatusContinue, Code: "AUTH"},
	} {
		_, err := pop3.AppendResponse(nil, r)
		_, is := errors.AsType[*pop3.ParseError](err)
		assert.True(t, is, r)
	}
	assert.Equal(t, "-ERR [AUTH] no", pop3.Refuse("AUTH", "no").Response.String())
}

func TestListings(t *testing.T) {
	for in, want := range map[string]pop3.Listing{
		"1 120": {1, 120}, "2 200 more": {2, 200}, "0 0": {}, "1  2": {1, 2},
	} {
		l, err := pop3.ParseListing([]byte(in))
		assert.NoError(t, err, in)
		assert.Equal(t, want, l, in)
	}
	for _, in := range []string{"", "1", "1 ", "a 1", "1 a", "1 2a", "1 9223372036854775808", "2147483648 1", "-1 1"} {
		_, err := pop3.ParseListing([]byte(in))
		_, is := errors.AsType[*pop3.ParseError](err)
		assert.True(t, is, in)
	}
	u, err := pop3.ParseUniqueID([]byte("2 QhdPYR:00WBw1Ph7x7 "))
	assert.NoError(t, err)
	assert.Equal(t, pop3.UniqueID{2, "QhdPYR:00WBw1Ph7x7"}, u)
	for _, in := range []string{"1", "1 ", "1a", "1\ta", "0 a", "1 a b", "1 \x7f", "1 " + strings.Repeat("x", 71), "x a"} {
		_, err := pop3.ParseUniqueID([]byte(in))
		_, is := errors.AsType[*pop3.ParseError](err)
		assert.True(t, is, in)
	}
	for _, uid := range []string{"", "a b", strings.Repeat("x", 71), "\u00e9"} {
		_, err := pop3.AppendUniqueID(nil, pop3.UniqueID{1, uid})
		assert.Error(t, err, uid)
	}
	b, err := pop3.AppendUniqueID(nil, pop3.UniqueID{1, strings.Repeat("x", 70)})
	assert.NoError(t, err)
	assert.Len(t, b, 72)
}

func TestCapabilityParameters(t *testing.T) {
	var caps pop3.Capabilities
	for _, line := range []string{"top", "SASL CRAM-MD5 PLAIN", "LOGIN-DELAY 900 USER", "EXPIRE 5 USER"} {
		c, err := pop3.ParseCapability([]byte(line))
		assert.NoError(t, err)
		caps = append(caps, c)
	}
	assert.True(t, caps.Has("TOP"))
	assert.True(t, caps.Has("sasl", "plain"))
	assert.False(t, caps.Has("SASL", "EXTERNAL"))
	assert.False(t, caps.Has("UIDL"))
	assert.Equal(t, []string{"CRAM-MD5", "PLAIN"}, caps.Mechanisms())
	delay, perUser := caps.LoginDelay()
	assert.Equal(t, 900*time.Second, delay)
	assert.True(t, perUser)
	days, perUser := caps.Expire()
	assert.Equal(t, pop3.Expire(5), days)
	assert.True(t, perUser)
	for param, want := range map[string]pop3.Expire{"NEVER": pop3.ExpireNever, "0": pop3.ExpireAtOnce, "7": 7, "-1": 0, "x": 0} {
		got, perUser := pop3.Capabilities{{Tag: "EXPIRE", Params: []string{param}}}.Expire()
		assert.Equal(t, want, got)
		assert.False(t, perUser)
		if want != 0 {
			assert.Equal(t, param, got.String())
		}
	}
	assert.Empty(t, pop3.ExpireUnsaid.String())
	none, _ := pop3.Capabilities{}.Expire()
	assert.Equal(t, pop3.ExpireUnsaid, none)
	for _, caps := range []pop3.Capabilities{{}, {{Tag: "LOGIN-DELAY"}}, {{Tag: "LOGIN-DELAY", Params: []string{"x"}}}} {
		delay, _ := caps.LoginDelay()
		assert.Zero(t, delay)
	}
	for _, line := range []string{"", "  ", "\x01", "A \x80"} {
		_, err := pop3.ParseCapability([]byte(line))
		assert.Error(t, err, line)
	}
	_, err := pop3.AppendCapability(nil, pop3.Capability{Tag: "A", Params: []string{"b c"}})
	assert.Error(t, err)
}

// Passwords, digests and what AUTH carries are not shown.
func TestTraceIsBlank(t *testing.T) {
	tests := []struct {
		server, secret bool
		in, want       string
	}{
		{false, false, "USER bob", "USER bob"},
		{false, false, "PASS hungry", "PASS ***"},
		{false, false, "pass\thungry", "pass ***"},
		{false, false, "APOP bob c4c9334bac560ecc979e58001b3e22fb", "APOP bob ***"},
		{false, false, "AUTH PLAIN AGJvYgBodW5ncnk=", "AUTH PLAIN ***"},
		{false, false, "AUTH PLAIN", "AUTH PLAIN"},
		{false, false, "PASS", "PASS"},
		{false, true, "AGJvYgBodW5ncnk=", "***"},
		{false, true, "*", "*"},
		{true, false, "+ PDE4OTYuNjk3MTcwOTUyQHg+", "+ ***"},
		{true, false, "+OK", "+OK"},
	}
	for _, tt := range tests {
		var got string
		trace := &pop3.Trace{Line: func(server bool, line []byte) {
			assert.Equal(t, tt.server, server)
			got = string(line)
		}}
		pop3.TraceLine(trace, tt.server, tt.secret, []byte(tt.in+"\r\n"))
		assert.Equal(t, tt.want, got)
		trace.Secrets = true
		pop3.TraceLine(trace, tt.server, tt.secret, []byte(tt.in+"\r\n"))
		assert.Equal(t, tt.in, got)
	}
	pop3.TraceLine(nil, false, false, []byte("QUIT"))
	pop3.TraceLine(new(pop3.Trace), false, false, []byte("QUIT"))
}

// CVE-2007-1558: what is no msg-id is no timestamp.
func TestTimestampOfGreeting(t *testing.T) {
	for text, want := range map[string]string{
		"POP3 server ready <1896.697170952@dbc.mtview.ca.us>": "<1896.697170952@dbc.mtview.ca.us>",
		"<a@[192.0.2.1]> ready":                               "<a@[192.0.2.1]>",
		"ready":                                               "",
		"<1896.697170952>":                                    "",
		"<a@b":                                                "",
		"<a b@c>":                                             "",
		"<a@b c>":                                             "",
		"<@b>":                                                "",
		"<a@>":                                                "",
		"<a@[]>":                                              "",
		"<a\x80@b>":                                           "",
		"<a@b@c>":                                             "",
	} {
		assert.Equal(t, want, pop3.FindTimestamp(text), text)
	}
}

// Limits: zero is the default, negative is none.
func TestLimitsOfMessageNumbers(t *testing.T) {
	_, _, err := pop3.ParseResponse([]byte("+OK "+strings.Repeat("x", 5000)), nil)
	assert.Equal(t, &pop3.LimitError{Name: "MaxResponse", Max: 4096}, err)
	_, n, err := pop3.ParseResponse([]byte("+OK "+strings.Repeat("x", 5000)+"\r\n"), &pop3.Limits{MaxResponse: -1})
	assert.NoError(t, err)
	assert.Equal(t, 5006, n)
}
