package zone_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/dns"
	"applayer/dns/zone"
)

// The wanted records are those that named-compilezone makes, but where the row
// says that it refuses.
func TestGenerate(t *testing.T) {
	for _, tt := range []struct {
		name, in string
		want     []string
	}{
		{"plain", "1-2 h$ A 192.0.2.$", []string{"h1.e. 60 IN A 192.0.2.1", "h2.e. 60 IN A 192.0.2.2"}},
		{"step", "1-4/2 h$ 5 IN MX \"10 m$\"", []string{"h1.e. 5 IN MX 10 m1.e.", "h3.e. 5 IN MX 10 m3.e."}},
		{"offset below zero, width", "0-2 a${-1,3} A 10.0.0.$", []string{"a-01.e. 60 IN A 10.0.0.0", "a000.e. 60 IN A 10.0.0.1", "a001.e. 60 IN A 10.0.0.2"}},
		{"bases", "10-11 a${0,4,x}-${0,3,o}-${5,0,d} TXT \"x ${0,0,X} y\"", []string{
			`a000a-012-15.e. 60 IN TXT "x" "A" "y"`, `a000b-013-16.e. 60 IN TXT "x" "B" "y"`,
		}},
		{"dollar signs", `3-3 a\$$ TXT "\$a$ b$$"`, []string{`a\$3.e. 60 IN TXT "$a3" "b$"`}},
		{"nibbles", "300-300 ${0,0,n} CNAME ${0,0,N}.q", []string{"c.2.1.e. 60 IN CNAME C.2.1.q.e."}},
		{"nibbles of width one", "3-3 ${0,1,n}x CNAME x", []string{"3x.e. 60 IN CNAME x.e."}},
		{"nibbles of width two", "3-3 ${0,2,n}x CNAME x", []string{"3.x.e. 60 IN CNAME x.e."}},
		{"nibbles of width three", "3-3 ${0,3,n}x CNAME x", []string{"3.0x.e. 60 IN CNAME x.e."}},
		{"nibbles of width four", "300-300 ${0,4,n}x CNAME x", []string{"c.2.1x.e. 60 IN CNAME x.e."}},
		{"nibbles of width six", "300-300 ${0,6,n}x CNAME x", []string{"c.2.1.x.e. 60 IN CNAME x.e."}},
		{"origin", "1-2 @ TXT a$", []string{`e. 60 IN TXT "a1"`, `e. 60 IN TXT "a2"`}},
		{"quotes in quotes", `1-1 e$ TXT "a \"b;c\" \\" ; comment`, []string{`e1.e. 60 IN TXT "a" "b;c" "\\"`}},
		{"comment in quotes", `1-1 e$ TXT "a b;c"`, []string{`e1.e. 60 IN TXT "a" "b"`}},
		{"the same twice", "1-2 a CNAME b", []string{"a.e. 60 IN CNAME b.e.", "a.e. 60 IN CNAME b.e."}},
		{"named refuses: data of several words", `1-2 b$ TXT m$ "n $"`, []string{`b1.e. 60 IN TXT "m1" "n 1"`, `b2.e. 60 IN TXT "m2" "n 2"`}},
		{"named refuses: parentheses", "1-1 f$ A (\n 192.0.2.$ )", []string{"f1.e. 60 IN A 192.0.2.1"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := records("$TTL 60\n$generate "+tt.in+"\n", &zone.ReaderOptions{Origin: dns.MustName("e.")})
			require.NoError(t, err)
			assert.Equal(t, tt.want, got)
		})
	}
}

func TestGenerateErrors(t *testing.T) {
	for _, tt := range []struct {
		name, in string
		column   int
		err      error
	}{
		{"nothing", "", 1, dns.ErrSyntax},
		{"no data", "1-2 a$ A", 1, dns.ErrSyntax},
		{"no data behind class and type", "1-2 a$ IN A", 21, dns.ErrSyntax},
		{"no type", "1-2 a$ 5 IN", 20, dns.ErrSyntax},
		{"range of one number", "1 a$ A 192.0.2.1", 11, dns.ErrSyntax},
		{"range without an end", "1- a$ A 192.0.2.1", 11, dns.ErrSyntax},
		{"range with more", "1-2x a$ A 192.0.2.1", 11, dns.ErrSyntax},
		{"range that goes down", "2-1 a$ A 192.0.2.1", 11, dns.ErrSyntax},
		{"range too large", "1-2147483648 a$ A 192.0.2.1", 11, dns.ErrSyntax},
		{"range below zero", "-1-2 a$ A 192.0.2.1", 11, dns.ErrSyntax},
		{"step of zero", "1-2/0 a$ A 192.0.2.1", 11, dns.ErrSyntax},
		{"no step", "1-2/ a$ A 192.0.2.1", 11, dns.ErrSyntax},
		{"owner in quotes", `1-2 "a$" A 192.0.2.1`, 15, dns.ErrSyntax},
		{"place that is not closed", "1-2 a${0 A 192.0.2.1", 15, dns.ErrSyntax},
		{"place without an offset", "1-2 a${} A 192.0.2.1", 15, dns.ErrSyntax},
		{"place with a minus alone", "1-2 a${-} A 192.0.2.1", 15, dns.ErrSyntax},
		{"place without a width", "1-2 a${0,} A 192.0.2.1", 15, dns.ErrSyntax},
		{"place too wide", "1-2 a${0,256} A 192.0.2.1", 15, dns.ErrSyntax},
		{"place of an unknown base", "1-2 a${0,0,z} A 192.0.2.1", 15, dns.ErrSyntax},
		{"place with more", "1-2 a${0,0,dd} A 192.0.2.1", 15, dns.ErrSyntax},
		{"place in the data", "1-2 a$ A 192.0.2.${", 20, dns.ErrSyntax},
		{"place in quotes", `1-2 a$ TXT "192.0.2.${"`, 22, dns.ErrSyntax},
		{"another class", "1-2 a$ CH A 192.0.2.1", 21, dns.ErrSyntax},
		{"negative number in base x", "1-2 a${-2,0,x} A 192.0.2.1", 1, dns.ErrValue},
		{"negative number of the data", "1-2 a$ A 192.0.2.${-2,0,o}", 1, dns.ErrValue},
		{"owner that is no name", "1-2 a$..b A 192.0.2.1", 1, dns.ErrLabel},
		{"owner too long", "1-2 a.${0,255} A 192.0.2.1", 1, dns.ErrLabel},
		{"owner of more than 2048 octets", "1-2 ${0,255}${0,255}${0,255}${0,255}${0,255}${0,255}${0,255}${0,255}${0,255} A 192.0.2.1", 1, dns.ErrValue},
		{"data that is none", "255-256 a$ A 192.0.2.$", 1, dns.ErrSyntax},
		{"parenthesis not closed in quotes", `1-2 a$ A "(192.0.2.$"`, 1, dns.ErrSyntax},
		{"parenthesis not open in quotes", `1-2 a$ A ")192.0.2.$"`, 1, dns.ErrSyntax},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := records("$TTL 60\n$GENERATE "+tt.in+"\n", &zone.ReaderOptions{Origin: dns.MustName("e.")})
			var pe *zone.ParseError
			require.ErrorAs(t, err, &pe)
			assert.ErrorIs(t, err, tt.err)
			assert.Equal(t, []int{2, tt.column}, []int{pe.Line, pe.Column}, "%v", err)
		})
	}
	_, err := records("$TTL 60\n$GENERATE 254-300 a$ A 192.0.2.$\n", &zone.ReaderOptions{Origin: dns.MustName("e.")})
	assert.EqualError(t, err, `zone: 2:1: $GENERATE at 256: IPv4 address "192.0.2.256": syntax (RFC 1035 §3.4.1)`)
}
