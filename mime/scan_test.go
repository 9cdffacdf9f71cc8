package mime_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/mime"
)

// treeText prints a tree: kind, path, header, body, and what is around parts.
func treeText(root *mime.Entity, src string) string {
	var b strings.Builder
	for depth, e := range root.Walk() {
		h, body := e.HeaderSpan(), e.BodySpan()
		fmt.Fprintf(&b, "%s%s %q %q", strings.Repeat("  ", depth), e.Kind(), e.Path(), src[h.Start:h.End])
		switch e.Kind() {
		case mime.KindLeaf:
			fmt.Fprintf(&b, " %q", src[body.Start:body.End])
		case mime.KindMultipart:
			p, q := e.Preamble(), e.Epilogue()
			if p.Start < p.End {
				fmt.Fprintf(&b, " preamble %q", src[p.Start:p.End])
			}
			if q.Start < q.End {
				fmt.Fprintf(&b, " epilogue %q", src[q.Start:q.End])
			}
			if n := e.PartsAfterClose(); n > 0 {
				fmt.Fprintf(&b, " %d after close", n)
			}
		}
		if e.Opaque() {
			b.WriteString(" opaque")
		}
		if e.Encoded() {
			b.WriteString(" encoded")
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// structureCodes lists the codes of defects.
func structureCodes(defects []mime.Defect) string {
	var s []string
	for _, d := range defects {
		s = append(s, fmt.Sprint(d.Code, "@", d.Offset))
	}
	return strings.Join(s, " ")
}

const multi = "Content-Type: multipart/mixed; boundary=b\r\n\r\n"

var long71 = strings.Repeat("x", 71)

var structures = []struct {
	name, in, want, defects string
	opts                    *mime.Options
}{
	{"5322-2.1 header and body", "A: 1\r\n\r\nbody\r\n", "leaf \"1\" \"A: 1\\r\\n\\r\\n\" \"body\\r\\n\"\n", "", nil},
	{"nothing", "", "leaf \"1\" \"\" \"\"\n", "", nil},
	{"5322-3.5 header without body", "A: 1\r\n", "leaf \"1\" \"A: 1\\r\\n\" \"\"\n", "", nil},
	{"header cut in a line", "A: 1\r\nB", "leaf \"1\" \"A: 1\\r\\nB\" \"\"\n", "no-colon@6", nil},
	{"empty header", "\r\nbody", "leaf \"1\" \"\\r\\n\" \"body\"\n", "", nil},
	{"no header", "body text\r\nA: 1\r\n\r\nx", "leaf \"1\" \"\" \"body text\\r\\nA: 1\\r\\n\\r\\nx\"\n", "no-header@0", nil},
	{"folded line first", " A: 1\r\n\r\nx", "leaf \"1\" \"\" \" A: 1\\r\\n\\r\\nx\"\n", "no-header@0", nil},
	{"line without colon", "A: 1\nfoo\nB: 2\n\nx", "leaf \"1\" \"A: 1\\nfoo\\nB: 2\\n\\n\" \"x\"\n", "no-colon@5", nil},
	{"From line", "From me Mon Jan  1 00:00:00 2024\nA: 1\n\nx", "leaf \"1\" \"From me Mon Jan  1 00:00:00 2024\\nA: 1\\n\\n\" \"x\"\n", "from-line@0", nil},
	{"quoted From line", ">From me\nA: 1\n\nx", "leaf \"1\" \">From me\\nA: 1\\n\\n\" \"x\"\n", "from-line@0", nil},
	{"From line and text", "From me\nto you\n\nx", "leaf \"1\" \"\" \"From me\\nto you\\n\\nx\"\n", "from-line@0 no-header@0", nil},
	{"5322-4.2 blank folded line", "A: 1\r\n \r\n 2\r\n\r\nx", "leaf \"1\" \"A: 1\\r\\n \\r\\n 2\\r\\n\\r\\n\" \"x\"\n", "", nil},
	{"2046-5.1.1 multipart", multi + "pre\r\n--b\r\nA: 1\r\n\r\none\r\n--b\r\n\r\ntwo\r\n\r\n--b--\r\npost\r\n",
		"multipart \"\" \"Content-Type: multipart/mixed; boundary=b\\r\\n\\r\\n\" preamble \"pre\" epilogue \"post\\r\\n\"\n" +
			"  leaf \"1\" \"A: 1\\r\\n\\r\\n\" \"one\"\n" +
			"  leaf \"2\" \"\\r\\n\" \"two\\r\\n\"\n", "", nil},
	{"line ends of LF", strings.ReplaceAll(multi, "\r", "") + "pre\n--b\nA: 1\n\none\n--b--\n",
		"multipart \"\" \"Content-Type: multipart/mixed; boundary=b\\n\\n\" preamble \"pre\"\n  leaf \"1\" \"A: 1\\n\\n\" \"one\"\n", "", nil},
	{"part without header", multi + "--b\r\ntext here\r\n--b--", "multipart \"\" \"Content-Type: multipart/mixed; boundary=b\\r\\n\\r\\n\"\n  leaf \"1\" \"\" \"text here\"\n", "no-header@50", nil},
	{"part of nothing", multi + "--b\r\n--b--", "multipart \"\" \"Content-Type: multipart/mixed; boundary=b\\r\\n\\r\\n\"\n  leaf \"1\" \"\" \"\"\n", "", nil},
	{"2046-5.1.1 part of a header alone", multi + "--b\r\nA: 1\r\n--b\r\nB: 2\r\n\r\n--b--", "multipart \"\" \"Content-Type: multipart/mixed; boundary=b\\r\\n\\r\\n\"\n  leaf \"1\" \"A: 1\" \"\"\n  leaf \"2\" \"B: 2\\r\\n\\r\\n\" \"\"\n", "", nil},
	{"2046-5.1.1 no empty line before the first delimiter", "Content-Type: multipart/mixed;\r\n boundary=b\r\n--x\r\n--b\r\nA: 1\r\n\r\none\r\n--b--\r\n",
		"multipart \"\" \"Content-Type: multipart/mixed;\\r\\n boundary=b\\r\\n--x\\r\\n\"\n  leaf \"1\" \"A: 1\\r\\n\\r\\n\" \"one\"\n", "no-colon@45 no-colon@50", nil},
	{"no close", multi + "--b\r\n\r\none\r\n", "multipart \"\" \"Content-Type: multipart/mixed; boundary=b\\r\\n\\r\\n\"\n  leaf \"1\" \"\\r\\n\" \"one\\r\\n\"\n", "no-close-delimiter@57", nil},
	{"cut in a delimiter", multi + "--b\r\n\r\none\r\n--b", "multipart \"\" \"Content-Type: multipart/mixed; boundary=b\\r\\n\\r\\n\"\n  leaf \"1\" \"\\r\\n\" \"one\"\n  leaf \"2\" \"\" \"\"\n", "no-close-delimiter@60", nil},
	{"no parts", multi + "text\r\n", "multipart \"\" \"Content-Type: multipart/mixed; boundary=b\\r\\n\\r\\n\" preamble \"text\\r\\n\"\n", "no-parts@51", nil},
	{"parts after close", multi + "--b\r\n\r\none\r\n--b--\r\nx\r\n--b\r\n\r\ntwo\r\n--b--\r\n",
		"multipart \"\" \"Content-Type: multipart/mixed; boundary=b\\r\\n\\r\\n\" epilogue \"x\\r\\n--b\\r\\n\\r\\ntwo\\r\\n--b--\\r\\n\" 2 after close\n  leaf \"1\" \"\\r\\n\" \"one\"\n", "parts-after-close@65", nil},
	{"no boundary", "Content-Type: multipart/mixed\r\n\r\n--b\r\n", "leaf \"1\" \"Content-Type: multipart/mixed\\r\\n\\r\\n\" \"--b\\r\\n\"\n", "no-boundary@13", nil},
	{"2046-5.1.2 nested, the outer ends the inner", multi + "--b\r\nContent-Type: multipart/mixed; boundary=bb\r\n\r\n--bb\r\n\r\none\r\n--b\r\n\r\ntwo\r\n--b--",
		"multipart \"\" \"Content-Type: multipart/mixed; boundary=b\\r\\n\\r\\n\"\n" +
			"  multipart \"1\" \"Content-Type: multipart/mixed; boundary=bb\\r\\n\\r\\n\"\n" +
			"    leaf \"1.1\" \"\\r\\n\" \"one\"\n" +
			"  leaf \"2\" \"\\r\\n\" \"two\"\n", "no-close-delimiter@107", nil},
	{"the inner one's last line ends with the outer one's", multi + "--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n\r\none\r\n--c--\r\n--b--",
		"multipart \"\" \"Content-Type: multipart/mixed; boundary=b\\r\\n\\r\\n\"\n" +
			"  multipart \"1\" \"Content-Type: multipart/mixed; boundary=c\\r\\n\\r\\n\"\n" +
			"    leaf \"1.1\" \"\\r\\n\" \"one\"\n", "", nil},
	{"2046-5.2.1 message", multi + "--b\r\nContent-Type: message/rfc822\r\n\r\nA: 1\r\n\r\nhi\r\n--b--",
		"multipart \"\" \"Content-Type: multipart/mixed; boundary=b\\r\\n\\r\\n\"\n" +
			"  message \"1\" \"Content-Type: message/rfc822\\r\\n\\r\\n\"\n" +
			"    leaf \"1.1\" \"A: 1\\r\\n\\r\\n\" \"hi\"\n", "", nil},
	{"9051-6.4.5.1 multipart in a message", multi + "--b\r\nContent-Type: message/rfc822\r\n\r\nContent-Type: multipart/x; boundary=c\r\n\r\n--c\r\n\r\nhi\r\n--c--\r\n--b--",
		"multipart \"\" \"Content-Type: multipart/mixed; boundary=b\\r\\n\\r\\n\"\n" +
			"  message \"1\" \"Content-Type: message/rfc822\\r\\n\\r\\n\"\n" +
			"    multipart \"1\" \"Content-Type: multipart/x; boundary=c\\r\\n\\r\\n\"\n" +
			"      leaf \"1.1\" \"\\r\\n\" \"hi\"\n", "", nil},
	{"message cut by a delimiter", multi + "--b\r\nContent-Type: message/rfc822\r\n--b--",
		"multipart \"\" \"Content-Type: multipart/mixed; boundary=b\\r\\n\\r\\n\"\n" +
			"  message \"1\" \"Content-Type: message/rfc822\"\n" +
			"    leaf \"1.1\" \"\" \"\"\n", "", nil},
	{"2046-5.1.5 digest", "Content-Type: multipart/digest; boundary=b\r\n\r\n--b\r\n\r\nA: 1\r\n\r\nhi\r\n--b\r\nContent-Type: text/plain\r\n\r\nhi\r\n--b--",
		"multipart \"\" \"Content-Type: multipart/digest; boundary=b\\r\\n\\r\\n\"\n" +
			"  message \"1\" \"\\r\\n\"\n" +
			"    leaf \"1.1\" \"A: 1\\r\\n\\r\\n\" \"hi\"\n" +
			"  leaf \"2\" \"Content-Type: text/plain\\r\\n\\r\\n\" \"hi\"\n", "", nil},
	{"duplicate field", "Content-Type: text/plain\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n", "leaf \"1\" \"Content-Type: text/plain\\r\\nContent-Type: multipart/mixed; boundary=b\\r\\n\\r\\n\" \"--b\\r\\n\"\n", "duplicate-field@26", nil},
	{"2045-6.4 encoding of a multipart that is not encoded", "Content-Transfer-Encoding: base64\r\n" + multi + "--b\r\n\r\nhi\r\n--b--",
		"multipart \"\" \"Content-Transfer-Encoding: base64\\r\\nContent-Type: multipart/mixed; boundary=b\\r\\n\\r\\n\"\n  leaf \"1\" \"\\r\\n\" \"hi\"\n", "encoded-composite@26", nil},
	{"2045-6.4 encoded multipart", "Content-Transfer-Encoding: base64\r\n" + multi + "LS1iDQoNCmhpDQotLWItLQ==\r\n",
		"leaf \"1\" \"Content-Transfer-Encoding: base64\\r\\nContent-Type: multipart/mixed; boundary=b\\r\\n\\r\\n\" \"LS1iDQoNCmhpDQotLWItLQ==\\r\\n\" encoded\n", "encoded-composite@26", nil},
	{"6532-3.7 encoded message", "Content-Transfer-Encoding: base64\r\nContent-Type: message/global\r\n\r\nQTogMQ0KDQpoaQ==\r\n",
		"leaf \"1\" \"Content-Transfer-Encoding: base64\\r\\nContent-Type: message/global\\r\\n\\r\\n\" \"QTogMQ0KDQpoaQ==\\r\\n\" encoded\n", "", nil},
	{"2045-6.4 message in quoted-printable", "Content-Transfer-Encoding: quoted-printable\r\nContent-Type: message/rfc822\r\n\r\nA: =3D=\r\nx\r\n",
		"leaf \"1\" \"Content-Transfer-Encoding: quoted-printable\\r\\nContent-Type: message/rfc822\\r\\n\\r\\n\" \"A: =3D=\\r\\nx\\r\\n\" encoded\n", "encoded-composite@26", nil},
	{"2045-6.4 message only said to be in it", "Content-Transfer-Encoding: quoted-printable\r\nContent-Type: message/rfc822\r\n\r\nSubject: =?utf-8?q?=3D?=\r\n\r\n",
		"message \"1\" \"Content-Transfer-Encoding: quoted-printable\\r\\nContent-Type: message/rfc822\\r\\n\\r\\n\"\n  leaf \"1.1\" \"Subject: =?utf-8?q?=3D?=\\r\\n\\r\\n\" \"\"\n", "encoded-composite@26", nil},
	{"2045-6.4 message of nothing", "Content-Transfer-Encoding: base64\r\nContent-Type: message/rfc822\r\n\r\n",
		"message \"1\" \"Content-Transfer-Encoding: base64\\r\\nContent-Type: message/rfc822\\r\\n\\r\\n\"\n  leaf \"1.1\" \"\" \"\"\n", "encoded-composite@26", nil},
	{"one boundary for two", multi + "--b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\none\r\n--b--\r\n--b\r\n\r\ntwo\r\n--b--\r\n",
		"multipart \"\" \"Content-Type: multipart/mixed; boundary=b\\r\\n\\r\\n\"\n" +
			"  multipart \"1\" \"Content-Type: multipart/mixed; boundary=b\\r\\n\\r\\n\"\n" +
			"    leaf \"1.1\" \"\\r\\n\" \"one\"\n" +
			"  leaf \"2\" \"\\r\\n\" \"two\"\n", "", nil},
	{"2046-5.1.1 a long boundary", "Content-Type: multipart/mixed; boundary=" + long71 + "\r\n\r\n--" + long71 + "--",
		"multipart \"\" \"Content-Type: multipart/mixed; boundary=" + long71 + "\\r\\n\\r\\n\"\n", "long-boundary@13", nil},
	{"a boundary too long", "Content-Type: multipart/mixed; boundary=" + strings.Repeat("x", 1025) + "\r\n\r\n--",
		"leaf \"1\" \"Content-Type: multipart/mixed; boundary=" + strings.Repeat("x", 1025) + "\\r\\n\\r\\n\" \"--\"\n", "no-boundary@13", nil},
	{"space in a boundary", "Content-Type: multipart/mixed; boundary=\"----next part\"\r\n\r\n------next part\r\n\r\nx\r\n------next part--",
		"multipart \"\" \"Content-Type: multipart/mixed; boundary=\\\"----next part\\\"\\r\\n\\r\\n\"\n  leaf \"1\" \"\\r\\n\" \"x\"\n", "", nil},
	{"space at the end of a boundary", "Content-Type: multipart/mixed; boundary=\"b \"\r\n\r\n--b \r\n\r\nx\r\n--b--",
		"multipart \"\" \"Content-Type: multipart/mixed; boundary=\\\"b \\\"\\r\\n\\r\\n\"\n  leaf \"1\" \"\\r\\n\" \"x\"\n", "", nil},
	{"delimiter padded beyond a line is text", multi + "--b\r\n\r\nx\r\n--b" + strings.Repeat(" ", 999) + "\r\n--b--",
		"multipart \"\" \"Content-Type: multipart/mixed; boundary=b\\r\\n\\r\\n\"\n  leaf \"1\" \"\\r\\n\" \"x\\r\\n--b" + strings.Repeat(" ", 999) + "\"\n", "", nil},
	{"lone CR", "A: 1\rB: 2\r\n\r\nx\ry", "leaf \"1\" \"A: 1\\rB: 2\\r\\n\\r\\n\" \"x\\ry\"\n", "", nil},
	{"message/partial is a leaf", "Content-Type: message/partial; number=1\r\n\r\nA: 1\r\n", "leaf \"1\" \"Content-Type: message/partial; number=1\\r\\n\\r\\n\" \"A: 1\\r\\n\"\n", "", nil},
	{"message/news", "Content-Type: message/news\r\n\r\nA: 1\r\n\r\nx", "message \"1\" \"Content-Type: message/news\\r\\n\\r\\n\"\n  leaf \"1.1\" \"A: 1\\r\\n\\r\\n\" \"x\"\n", "", nil},
	{"unknown encoding", "Content-Transfer-Encoding: x-new\r\n\r\nhi", "leaf \"1\" \"Content-Transfer-Encoding: x-new\\r\\n\\r\\n\" \"hi\"\n", "unknown-encoding@26", nil},
	{"MaxDepth", multi + "--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n\r\none\r\n--c--\r\n--b--",
		"multipart \"\" \"Content-Type: multipart/mixed; boundary=b\\r\\n\\r\\n\"\n" +
			"  leaf \"1\" \"Content-Type: multipart/mixed; boundary=c\\r\\n\\r\\n\" \"--c\\r\\n\\r\\none\\r\\n--c--\" opaque\n", "limit@50",
		&mime.Options{Limits: mime.Limits{MaxDepth: 1}}},
	{"MaxParts", multi + "--b\r\n\r\none\r\n--b\r\n\r\ntwo\r\n--b--\r\n",
		"multipart \"\" \"Content-Type: multipart/mixed; boundary=b\\r\\n\\r\\n\"\n" +
			"  leaf \"1\" \"\\r\\n\" \"one\"\n" +
			"  leaf \"2\" \"\" \"\\r\\ntwo\\r\\n--b--\\r\\n\" opaque\n", "limit@62",
		&mime.Options{Limits: mime.Limits{MaxParts: 2}}},
	{"MaxHeaderBytes", "A: 1\nBB: 2\n\nx", "leaf \"1\" \"A: 1\\n\" \"BB: 2\\n\\nx\" opaque\n", "limit@5", &mime.Options{Limits: mime.Limits{MaxHeaderBytes: 10}}},
	{"MaxFieldBytes", "A: 1\nBB: 2\n 3\nC: 4\n\nx", "leaf \"1\" \"A: 1\\n\" \"BB: 2\\n 3\\nC: 4\\n\\nx\" opaque\n", "limit@5", &mime.Options{Limits: mime.Limits{MaxFieldBytes: 8}}},
	{"MaxFields", "A: 1\n 1\nB: 2\nC: 3\n\nx", "leaf \"1\" \"A: 1\\n 1\\nB: 2\\n\" \"C: 3\\n\\nx\" opaque\n", "limit@13", &mime.Options{Limits: mime.Limits{MaxFields: 2}}},
	{"MaxFields, just met", "A: 1\nB: 2\n\nx", "leaf \"1\" \"A: 1\\nB: 2\\n\\n\" \"x\"\n", "", &mime.Options{Limits: mime.Limits{MaxFields: 2}}},
}

func TestParse(t *testing.T) {
	for _, tt := range structures {
		t.Run(tt.name, func(t *testing.T) {
			root, err := mime.ParseBytes([]byte(tt.in), tt.opts)
			require.NoError(t, err)
			assert.Equal(t, tt.want, treeText(root, tt.in))
			assert.Equal(t, tt.defects, structureCodes(root.Defects()))

			again, err := mime.Parse(strings.NewReader(tt.in), int64(len(tt.in)), tt.opts)
			require.NoError(t, err)
			assert.Equal(t, tt.want, treeText(again, tt.in))
			assert.Equal(t, root.Defects(), again.Defects())
			sameAsStream(t, root, []byte(tt.in), strings.NewReader(tt.in), tt.opts)
			sameAsStream(t, root, []byte(tt.in), iotest.OneByteReader(strings.NewReader(tt.in)), tt.opts)
		})
	}
}
