package mime_test

import (
	"fmt"
	"strings"

	"applayer/mime"
)

// damagedMultiparts are messages whose delimiters are damaged.
var damagedMultiparts = []damaged{
	{"2046-5.1.1 no close delimiter", "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\none\r\n--b\r\n\r\ntwo\r\n",
		[]string{`tree: multipart/mixed(text/plain "one", text/plain "two\r\n")`}, []mime.DefectCode{"no-close-delimiter"}},
	{"2046-5.1.1 no delimiter at all", "Content-Type: multipart/mixed; boundary=b\r\n\r\none\r\ntwo\r\n",
		[]string{`tree: multipart/mixed()`, `preamble: "one\r\ntwo\r\n"`}, []mime.DefectCode{"no-parts"}},
	{"2046-5.1 no boundary", "Content-Type: multipart/mixed\r\n\r\n--b\r\n\r\none\r\n--b--\r\n",
		[]string{`tree: multipart/mixed "--b\r\n\r\none\r\n--b--\r\n"`}, []mime.DefectCode{"no-boundary"}},
	{"2046-5.1.1 close delimiter before any part", "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b--\r\n",
		[]string{`tree: multipart/mixed()`}, nil},
	{"2046-5.1.1 delimiter with blanks behind it", "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b \t \r\n\r\none\r\n--b-- \r\n",
		[]string{`tree: multipart/mixed(text/plain "one")`}, nil},
	{"2046-5.1.1 boundary with a space at its end", "Content-Type: multipart/mixed; boundary=\"b \"\r\n\r\n--b \r\n\r\none\r\n--b --\r\n",
		[]string{`tree: multipart/mixed(text/plain "one\r\n--b --\r\n")`}, []mime.DefectCode{"no-close-delimiter"}},
	{"2045-5.1 boundary with a space and no quotes", "Content-Type: multipart/mixed; boundary=next part\r\n\r\n--next part\r\n\r\none\r\n--next part--\r\n",
		[]string{`tree: multipart/mixed(text/plain "one")`}, []mime.DefectCode{"unquoted-parameter-value"}},
	{"2045-5.1 boundary with = and / and no quotes", "Content-Type: multipart/mixed; boundary==_a/b=\r\n\r\n--=_a/b=\r\n\r\none\r\n--=_a/b=--\r\n",
		[]string{`tree: multipart/mixed(text/plain "one")`}, []mime.DefectCode{"unquoted-parameter-value"}},
	{"2045-5.1 boundary in typographic quotes", "Content-Type: multipart/mixed; boundary=\u201cnext part\u201d\r\n\r\n--next part\r\n\r\none\r\n--next part--\r\n",
		[]string{`tree: multipart/mixed(text/plain "one")`}, []mime.DefectCode{"wrong-quotes"}},
	{"2046-5.1.1 boundary of 100 octets", "Content-Type: multipart/mixed; boundary=" + strings.Repeat("b", 100) + "\r\n\r\n--" + strings.Repeat("b", 100) + "\r\n\r\none\r\n--" + strings.Repeat("b", 100) + "--\r\n",
		[]string{`tree: multipart/mixed(text/plain "one")`}, []mime.DefectCode{"long-boundary"}},
	{"2046-5.1.1 boundary of 2,000 octets", "Content-Type: multipart/mixed; boundary=" + a2000 + "\r\n\r\n--" + a2000 + "\r\n\r\none\r\n--" + a2000 + "--\r\n",
		nil, []mime.DefectCode{"no-boundary", "long-line"}},
	{"2046-5.1.1 boundary that begins with another", "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: multipart/mixed; boundary=bb\r\n\r\n--bb\r\n\r\none\r\n--bb--\r\n--b--\r\n",
		[]string{`tree: multipart/mixed(multipart/mixed(text/plain "one"))`}, nil},
	{"2046-5.1.2 outer delimiter ends the inner multipart", "Content-Type: multipart/mixed; boundary=out\r\n\r\n--out\r\nContent-Type: multipart/mixed; boundary=in\r\n\r\n--in\r\n\r\none\r\n--out\r\n\r\ntwo\r\n--out--\r\n",
		[]string{`tree: multipart/mixed(multipart/mixed(text/plain "one"), text/plain "two")`}, []mime.DefectCode{"no-close-delimiter"}},
	{"2046-5.1.2 the same boundary within itself", "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\none\r\n--b--\r\n--b--\r\n",
		[]string{`tree: multipart/mixed(multipart/mixed(text/plain "one"))`}, nil},
	{"2046-5.1.1 parts behind the close delimiter", "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\none\r\n--b--\r\n--b\r\n\r\ntwo\r\n--b--\r\n",
		[]string{`tree: multipart/mixed(text/plain "one")`, `epilogue: "--b\r\n\r\ntwo\r\n--b--\r\n"`}, []mime.DefectCode{"parts-after-close"}},
	{"2046-5.1.1 part with a header and no line behind it", "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n--b--\r\n",
		[]string{`tree: multipart/mixed(text/html "")`}, nil},
	{"7103-7.1.1 part whose header is text", "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nHello Bob,\r\nhow are you?\r\n--b--\r\n",
		[]string{`tree: multipart/mixed(text/plain "Hello Bob,\r\nhow are you?")`}, []mime.DefectCode{"no-header"}},
	{"2046-5.1.1 LF ends some of the delimiters", "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\n\none\n--b\r\n\r\ntwo\n--b--\n",
		[]string{`tree: multipart/mixed(text/plain "one", text/plain "two")`}, nil},
	{"2046-5.1.1 delimiter that is not at the front of a line", "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\none --b\r\n --b\r\n--b--\r\n",
		[]string{`tree: multipart/mixed(text/plain "one --b\r\n --b")`}, nil},
	{"2045-6.4 multipart in base64", "Content-Type: multipart/mixed; boundary=b\r\nContent-Transfer-Encoding: base64\r\n\r\nLS1iDQoNCm9uZQ0KLS1iLS0NCg==\r\n",
		[]string{`tree: multipart/mixed base64 "--b\r\n\r\none\r\n--b--\r\n"`}, []mime.DefectCode{"encoded-composite"}},
	{"2045-6.4 multipart that says base64 and is not", "Content-Type: multipart/mixed; boundary=b\r\nContent-Transfer-Encoding: base64\r\n\r\n--b\r\n\r\none\r\n--b--\r\n",
		[]string{`tree: multipart/mixed(text/plain "one")`}, []mime.DefectCode{"encoded-composite"}},
	{"2046-5.1.5 digest whose part is damaged", "Content-Type: multipart/digest; boundary=b\r\n\r\n--b\r\n\r\nSubject: a\r\n\r\none\r\n--b\r\nContent-Type: text/plain\r\n\r\ntwo\r\n--b--\r\n",
		[]string{`tree: multipart/digest(message/rfc822(text/plain "one"), text/plain "two")`}, nil},
	{"2046-5.2.1 message in a message without a header", "Content-Type: message/rfc822\r\n\r\nHello Bob,\r\nhow are you?\r\n",
		[]string{`tree: message/rfc822(text/plain "Hello Bob,\r\nhow are you?\r\n")`}, []mime.DefectCode{"no-header"}},
	{"2046-5.2.1 empty message in a message", "Content-Type: message/rfc822\r\n\r\n",
		[]string{`tree: message/rfc822(text/plain "")`}, nil},
	{"CVE-2022-41725 nesting beyond the limit", nested(80),
		nil, []mime.DefectCode{"limit", "no-close-delimiter"}},
	{"CVE-2023-24536 parts beyond the limit", "Content-Type: multipart/mixed; boundary=b\r\n\r\n" + strings.Repeat("--b\r\n\r\n", 10_100) + "--b--\r\n",
		nil, []mime.DefectCode{"limit"}},
}

// nested is a message of n multiparts in one another.
func nested(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n", i, i)
	}
	return b.String()
}

// damagedBodies are messages whose encoded bodies are damaged.
var damagedBodies = []damaged{
	{"2045-6.8 61 characters of base64", "Content-Transfer-Encoding: base64\r\n\r\n" + strings.Repeat("QUJD", 15) + "Q\r\n",
		[]string{`tree: text/plain base64 "` + strings.Repeat("ABC", 15) + `"`}, []mime.DefectCode{"base64-cut"}},
	{"2045-6.8 junk within base64", "Content-Transfer-Encoding: base64\r\n\r\nQU*J-D\r\n!QUJD\r\n",
		[]string{`tree: text/plain base64 "ABCABC"`}, []mime.DefectCode{"base64-junk"}},
	{"2045-6.8 padding is missing", "Content-Transfer-Encoding: base64\r\n\r\nQUI\r\n",
		[]string{`tree: text/plain base64 "AB"`}, []mime.DefectCode{"base64-padding"}},
	{"2045-6.8 two runs of base64 behind one another", "Content-Transfer-Encoding: base64\r\n\r\nQQ==\r\nQg==\r\n",
		[]string{`tree: text/plain base64 "AB"`}, []mime.DefectCode{"base64-after-padding"}},
	{"2045-6.8 base64 in one line of 4,000 characters", "Content-Transfer-Encoding: base64\r\n\r\n" + strings.Repeat("QUJD", 1000) + "\r\n",
		[]string{`tree: text/plain base64 "` + strings.Repeat("ABC", 1000) + `"`}, nil},
	{"2045-6.7 lower-case hexadecimal", "Content-Transfer-Encoding: quoted-printable\r\n\r\na=3db=c3=bc\r\n",
		[]string{`tree: text/plain quoted-printable "a=bü\r\n"`}, []mime.DefectCode{"unlabelled-8bit"}},
	{"2045-6.7 equals sign before what is no hexadecimal", "Content-Transfer-Encoding: quoted-printable\r\n\r\na=ZZb = c\r\n",
		[]string{`tree: text/plain quoted-printable "a=ZZb = c\r\n"`}, []mime.DefectCode{"quoted-printable-escape"}},
	{"2045-6.7 blanks at line ends and behind a soft break", "Content-Transfer-Encoding: quoted-printable\r\n\r\na  \r\nb= \t\r\nc\r\n",
		[]string{`tree: text/plain quoted-printable "a\r\nbc\r\n"`}, nil},
	{"2045-6.7 soft break at the very end", "Content-Transfer-Encoding: quoted-printable\r\n\r\na=",
		[]string{`tree: text/plain quoted-printable "a"`}, []mime.DefectCode{"quoted-printable-cut"}},
	{"2045-6.7 line of 2,000 octets", "Content-Transfer-Encoding: quoted-printable\r\n\r\n" + a2000 + "\r\n",
		[]string{`tree: text/plain quoted-printable "` + a2000 + `\r\n"`}, []mime.DefectCode{"quoted-printable-line"}},
	{"2045-6.7 octets beyond ASCII in quoted-printable", "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nGr\u00fc=C3=9Fe\r\n",
		[]string{`tree: text/plain quoted-printable "Grüße\r\n"`}, nil},
	{"2045-6 uuencode as an encoding", "Content-Transfer-Encoding: x-uuencode\r\n\r\nbegin 644 a\r\n#04)#\r\n`\r\nend\r\n",
		[]string{`tree: text/plain x-uuencode "ABC"`}, nil},
	{"2045-6 uuencode that does not end", "Content-Transfer-Encoding: uuencode\r\n\r\nbegin 644 a\r\n#04)#\r\n",
		[]string{`tree: text/plain uuencode "ABC"`}, []mime.DefectCode{"uuencode-end"}},
	{"2045-6.2 8bit within 7bit", "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 7bit\r\n\r\nGr\u00fc\u00dfe\r\n",
		[]string{`text: "Grüße\r\n"`}, nil},
	{"2046-4.1.2 utf-8 without a label", "Subject: a\r\n\r\nGr\u00fc\u00dfe\r\n",
		[]string{`text: "Grüße\r\n"`}, []mime.DefectCode{"unlabelled-8bit"}},
	{"7103-7.1.6 windows-1252 without a label", "Subject: a\r\n\r\nGr\xfc\xdfe \x80 5\r\n",
		[]string{`text: "Grüße € 5\r\n"`}, []mime.DefectCode{"unlabelled-8bit"}},
	{"2046-4.1.2 windows-1252 labelled iso-8859-1", "Content-Type: text/plain; charset=iso-8859-1\r\n\r\n\x93Gr\xfc\xdfe\x94\r\n",
		[]string{`text: "“Grüße”\r\n"`}, []mime.DefectCode{"wrong-charset"}},
	{"2046-4.1.2 charset of nobody", "Content-Type: text/plain; charset=x-none\r\n\r\nabc\r\n",
		[]string{`tree: text/plain "abc\r\n"`}, []mime.DefectCode{"unknown-charset"}},
	{"2046-4.1.2 label in quotes twice", "Content-Type: text/plain; charset=\"'utf-8'\"\r\n\r\nGr\u00fc\u00dfe\r\n",
		[]string{`tree: text/plain "Grüße\r\n"`}, nil},
	{"2046-4.1.2 text that is cut within a character", "Content-Type: text/plain; charset=utf-8\r\n\r\nGr\xc3",
		[]string{`text: "Gr�"`}, []mime.DefectCode{"bad-character"}},
}
