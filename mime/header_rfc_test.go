package mime_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/mime"
)

// rfcHeader reads the header of a message that an RFC shows.
func rfcHeader(t *testing.T, name string) mime.Header {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "rfc", name+".eml"))
	require.NoError(t, err)
	h, n, _, err := mime.ParseHeader(b, nil)
	require.NoError(t, err)
	assert.Equal(t, string(b[:n]), text(t, &h), "octet for octet")
	return h
}

func TestRFCHeaders(t *testing.T) {
	tests := []struct {
		name, date, from, to, cc, id string
		defects                      []mime.DefectCode
	}{
		{"822-a.3.1-to", "Thu, 26 Aug 1976 14:29:00 -0400", "Jones@Registry.Org", "Smith@Registry.Org", "", "", []mime.DefectCode{mime.DefectDateForm}},
		{"822-a.3.1-bcc", "Thu, 26 Aug 1976 14:29:00 -0400", "Jones@Registry.Org", "", "", "", []mime.DefectCode{mime.DefectDateForm}},
		{"822-a.3.2", "Thu, 26 Aug 1976 14:30:00 -0400", "George Jones <Group@Host>", `"Al Neuman"@Mad-Host, Sam.Irving@Other-Host`, "", "some.string@SHOST", []mime.DefectCode{mime.DefectDateForm}},
		{"822-a.3.3", "Fri, 27 Aug 1976 09:32:00 -0700", "Ken Davis <KDavis@This-Host.This-net>", "George Jones <Group@Some-Reg.An-Org>, Al.Neuman@MAD.Publisher",
			`"Important folk": Tom Softwood <Balsa@Tree.Root>, "Sam Irving"@Other-Host;, "Standard Distribution": /main/davis/people/standard@Other-Host, "<Jones>standard.dist.3"@Tops-20-Host;`,
			"4231.629.XYzi-What@Other-Host", []mime.DefectCode{mime.DefectDateForm, mime.DefectStrayBracket, mime.DefectMessageIDText}},
		{"5322-a.1.1-1", "Fri, 21 Nov 1997 09:55:06 -0600", "John Doe <jdoe@machine.example>", "Mary Smith <mary@example.net>", "", "1234@local.machine.example", nil},
		{"5322-a.1.1-2", "Fri, 21 Nov 1997 09:55:06 -0600", "John Doe <jdoe@machine.example>", "Mary Smith <mary@example.net>", "", "1234@local.machine.example", nil},
		{"5322-a.1.2", "Tue, 1 Jul 2003 10:52:37 +0200", `"Joe Q. Public" <john.q.public@example.com>`, "Mary Smith <mary@x.test>, jdoe@example.org, Who? <one@y.test>",
			`boss@nil.test, "Giant; \"Big\" Box" <sysservices@example.net>`, "5678.21-Nov-1997@example.com", nil},
		{"5322-a.1.3", "Thu, 13 Feb 1969 23:32:54 -0330", "Pete <pete@silly.example>", `"A Group": Ed Jones <c@a.test>, joe@where.test, John <jdoe@one.test>;`, `"Undisclosed recipients":;`, "testabcd.1234@silly.example", nil},
		{"5322-a.2-2", "Fri, 21 Nov 1997 10:01:10 -0600", "Mary Smith <mary@example.net>", "John Doe <jdoe@machine.example>", "", "3456@example.net", nil},
		{"5322-a.2-3", "Fri, 21 Nov 1997 11:00:00 -0600", "John Doe <jdoe@machine.example>", `"Mary Smith: Personal Account" <smith@home.example>`, "", "abcd.1234@local.machine.test", nil},
		{"5322-a.3-2", "Fri, 21 Nov 1997 09:55:06 -0600", "John Doe <jdoe@machine.example>", "Mary Smith <mary@example.net>", "", "1234@local.machine.example", nil},
		{"5322-a.4", "Fri, 21 Nov 1997 09:55:06 -0600", "John Doe <jdoe@node.example>", "Mary Smith <mary@example.net>", "", "1234@local.node.example", nil},
		{"5322-a.5", "Thu, 13 Feb 1969 23:32:00 -0330", "Pete <pete@silly.test>", `"A Group": Chris Jones <c@public.example>, joe@example.org, John <jdoe@one.test>;`, `"Hidden recipients":;`, "testabcd.1234@silly.test", nil},
		{"5322-a.6.1", "Tue, 1 Jul 2003 10:52:37 +0200", `"Joe Q. Public" <john.q.public@example.com>`, "Mary Smith <mary@example.net>, jdoe@test.example", "", "5678.21-Nov-1997@example.com", nil},
		{"5322-a.6.2", "Fri, 21 Nov 1997 09:55:06 +0000", "John Doe <jdoe@machine.example>", "Mary Smith <mary@example.net>", "", "1234@local.machine.example", nil},
		{"5322-a.6.3", "Fri, 21 Nov 1997 09:55:06 -0600", "John Doe <jdoe@machine.example>", "Mary Smith <mary@example.net>", "", "1234@local.machine.example", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := rfcHeader(t, tt.name)
			d, err := h.Date()
			require.NoError(t, err)
			assert.Equal(t, tt.date, d.String())
			for name, want := range map[string]string{"From": tt.from, "To": tt.to, "Cc": tt.cc} {
				l, err := h.AddressList(name)
				require.NoError(t, err)
				assert.Equal(t, want, l.String(), name)
			}
			id, err := h.MessageID()
			assert.Equal(t, tt.id, id)
			assert.Equal(t, tt.id == "", err != nil)
			assert.Equal(t, tt.defects, codes(h.Check(nil)))
		})
	}
}

func TestRFCReplies(t *testing.T) {
	h := rfcHeader(t, "5322-a.2-3")
	ids, err := h.References()
	require.NoError(t, err)
	assert.Equal(t, []string{"1234@local.machine.example", "3456@example.net"}, ids)
	h = rfcHeader(t, "822-a.3.3")
	ids, err = h.MessageIDs("In-Reply-To")
	require.NoError(t, err)
	assert.Equal(t, []string{"some.string@DBM.Group"}, ids, "822-A.3.3 a phrase beside it")
	assert.True(t, strings.HasPrefix(h.Get("X-Special-action"), "This is a sample"))

	h = rfcHeader(t, "5322-a.3-2")
	blocks := h.Resent()
	require.Len(t, blocks, 1)
	d, err := blocks[0].DateOf("Resent-Date")
	require.NoError(t, err)
	assert.Equal(t, "Mon, 24 Nov 1997 14:22:01 -0800", d.String())
	to, err := blocks[0].AddressList("Resent-To")
	require.NoError(t, err)
	assert.Equal(t, "Jane Brown <j-brown@other.example>", to.String())

	h = rfcHeader(t, "5322-a.4")
	hops, err := h.Received()
	require.NoError(t, err)
	require.Len(t, hops, 2)
	assert.Equal(t, "Fri, 21 Nov 1997 10:01:22 -0600", hops[1].Date.String())
	by, _ := hops[1].Clause("by")
	assert.Equal(t, "x.y.test", by.Value)
}
