package mime

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// codes returns what is wrong with a value, without the places.
func codes(list []Defect) []DefectCode {
	var c []DefectCode
	for _, d := range list {
		c = append(c, d.Code)
	}
	return c
}

func TestLexerCFWS(t *testing.T) {
	tests := []struct {
		name, in, rest, comment string
		defects                 []DefectCode
	}{
		{"nothing", "x", "x", "", nil},
		{"5322-2.2.3 folding", " \r\n\t x", "x", "", nil},
		{"5322-3.2.2 comment", "(a) x", "x", "a", nil},
		{"5322-3.2.2 the last of two comments", "(a)\r\n (b c)x", "x", "b c", nil},
		{"5322-3.2.2 comments nest", "(a(b)c(d(e)))x", "x", "a(b)c(d(e))", nil},
		{"5322-3.2.1 quoted pairs", `(a\)b\(\\)x`, "x", `a)b(\`, nil},
		{"5322-3.2.2 a fold is not part of it", "(a\r\n b)x", "x", "a b", nil},
		{"5322-4.1 control characters", "(a\x01\r)x", "x", "a\x01\r", nil},
		{"no quoted strings in comments", `(a")x`, "x", `a"`, nil},
		{"7103-7.1.4 unclosed", "(Testing <f@x>", "<f@x>", "Testing", []DefectCode{DefectUnclosedComment}},
		{"unclosed to the end", "(a(b) ", "", "a(b)", []DefectCode{DefectUnclosedComment}},
		{"a backslash last", `(a\`, "", `a\`, []DefectCode{DefectUnclosedComment}},
		{"too deep", strings.Repeat("(", 65) + strings.Repeat(")", 65) + "x", "x",
			strings.Repeat("(", 64) + strings.Repeat(")", 64), []DefectCode{DefectLimit}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := (*Options)(nil).inForce()
			l := lexer{s: tt.in, o: o, r: newReport(o), stops: "<,"}
			l.skipCFWS()
			assert.Equal(t, tt.rest, tt.in[l.at:])
			got, ok := l.takeComment()
			assert.Equal(t, tt.comment, got)
			assert.Equal(t, tt.comment != "", ok)
			assert.Equal(t, tt.defects, codes(l.r.list))

			b := lexerOf[[]byte]{s: []byte(tt.in), o: o, stops: "<,"}
			b.skipCFWS()
			assert.Equal(t, l.at, b.at, "octets read as a string does")
		})
	}
}

// TestLexerManyUnclosed reads values in which each octet could begin a search
// to the end.
func TestLexerManyUnclosed(t *testing.T) {
	o := (&Options{Limits: Limits{MaxCommentDepth: -1}}).inForce()
	in := strings.Repeat("(,", 1<<17) + ")"
	l := lexer{s: in, o: o, r: newReport(o), stops: ","}
	n := 0
	for ; !l.atEnd() && l.peek() != ')'; n++ {
		l.skipCFWS()
		l.take(',')
	}
	assert.Equal(t, 1<<17, n)
	assert.Equal(t, maxUncloseds, l.uncloseds)

	in = `"` + strings.Repeat(`,\"`, 1<<17)
	l = lexer{s: in, o: o, r: newReport(o), stops: ","}
	for n = 0; !l.atEnd(); n++ {
		_, closed := l.quotedString()
		assert.False(t, closed)
		l.at += len(`,\`)
	}
	assert.Equal(t, 1<<17+1, n)
}

func TestLexerWord(t *testing.T) {
	tests := []struct {
		name, in, want, rest string
		ok                   bool
		defects              []DefectCode
	}{
		{"5322-3.2.3 atom", "a!#$%&'*+-/=?^_`{|}~b@", "a!#$%&'*+-/=?^_`{|}~b", "@", true, nil},
		{"6532-3.2 UTF-8", "größe.x", "größe", ".x", true, nil},
		{"5322-3.2.4 quoted string", `"a b\"\\c"d`, `a b"\c`, "d", true, nil},
		{"5322-3.2.4 empty", `""`, "", "", true, nil},
		{"5322-3.2.4 folded", "\"a\r\n b\n\tc\"", "a b\tc", "", true, nil},
		{"5322-3.2.4 a fold last", "\"a\r\n\"", "a", "", true, nil},
		{"neither", "@", "", "@", false, nil},
		{"the end", "", "", "", false, nil},
		{"7103-7.1.6 unclosed", `"Joe <joe@x>`, "Joe", "<joe@x>", true, []DefectCode{DefectUnclosedQuote}},
		{"unclosed by a quoted pair", `"Joe\"`, `Joe"`, "", true, []DefectCode{DefectUnclosedQuote}},
		{"a backslash last", `"Joe\`, `Joe\`, "", true, []DefectCode{DefectUnclosedQuote}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := (*Options)(nil).inForce()
			l := lexer{s: tt.in, o: o, r: newReport(o), stops: "<"}
			got, ok := l.word()
			assert.Equal(t, tt.want, got)
			assert.Equal(t, tt.ok, ok)
			assert.Equal(t, tt.rest, tt.in[l.at:])
			assert.Equal(t, tt.defects, codes(l.r.list))
		})
	}
}

func TestLexerDotted(t *testing.T) {
	tests := []struct {
		name, in, want, rest string
		quoted               bool
		defects              []DefectCode
	}{
		{"5322-3.2.3 dot-atom", "a.b.c@x", "a.b.c", "@x", true, nil},
		{"5322-3.4.1 quoted string", `"a b"@x`, "a b", "@x", true, nil},
		{"5322-4.4 obs-local-part", `a . "b.c" (x) . d @x`, "a.b.c.d", "@x", true, nil},
		{"5322-4.4 obs-domain", "a (c) .\r\n b >", "a.b", ">", false, nil},
		{"a domain has no quoted string", `"a"`, "", `"a"`, false, nil},
		{"a second word is another's", "a b", "a", "b", true, nil},
		{"a second quoted string is", `a "b"`, "a", `"b"`, true, nil},
		{"a dot first", ".a@", ".a", "@", true, []DefectCode{DefectStrayDot}},
		{"a dot last", "a.@", "a.", "@", true, []DefectCode{DefectStrayDot}},
		{"two dots", "a..b@", "a..b", "@", true, []DefectCode{DefectStrayDot}},
		{"two dots apart", "a. .b@", "a..b", "@", true, []DefectCode{DefectStrayDot}},
		{"nothing", "@", "", "@", true, nil},
		{"token by token", "1(a).2(b).3(c)", "1.2.3", "", false, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := (*Options)(nil).inForce()
			l := lexer{s: tt.in, o: o, r: newReport(o)}
			assert.Equal(t, tt.want, l.dotted(tt.quoted))
			assert.Equal(t, tt.rest, tt.in[l.at:])
			assert.Equal(t, tt.defects, codes(l.r.list))
		})
	}
}

func TestLexerDomainLiteral(t *testing.T) {
	tests := []struct {
		name, in, want, rest string
		defects              []DefectCode
	}{
		{"5321-4.1.3 IPv4", "[192.0.2.1]>", "[192.0.2.1]", ">", nil},
		{"5321-4.1.3 IPv6", "[IPv6:2001:db8::1]", "[IPv6:2001:db8::1]", "", nil},
		{"5322-3.4.1 white space", "[ 192.0.2.1\r\n ]", "[192.0.2.1]", "", nil},
		{"5322-4.4 quoted pair", `[a\]b]`, `[a\]b]`, "", nil},
		{"unclosed", "[192.0.2.1>, a@x", "[192.0.2.1]", ">, a@x", []DefectCode{DefectUnclosedLiteral}},
		{"unclosed at the end", "[1", "[1]", "", []DefectCode{DefectUnclosedLiteral}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := (*Options)(nil).inForce()
			l := lexer{s: tt.in, o: o, r: newReport(o)}
			assert.Equal(t, tt.want, l.domainLiteral())
			assert.Equal(t, tt.rest, tt.in[l.at:])
			assert.Equal(t, tt.defects, codes(l.r.list))
		})
	}
}

func TestLexerToken(t *testing.T) {
	l := lexer{s: "iso-8859-1'; x"}
	assert.Equal(t, "iso-8859-1'", l.token())
	assert.True(t, l.take(';'))
	assert.False(t, l.take(';'))
	l.skipFWS()
	assert.Equal(t, "x", l.token())
	assert.Equal(t, "", l.token())
	assert.Equal(t, byte(0), l.peek())
	_, ok := l.takeComment()
	assert.False(t, ok)
}
