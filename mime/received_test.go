package mime_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/mime"
)

func TestParseReceived(t *testing.T) {
	type clause = mime.ReceivedClause
	tests := []struct {
		name, in string
		clauses  []clause
		date     string
		defects  []mime.DefectCode
	}{
		{"5322-A.4", " from x.y.test\r\n  by example.net\r\n  via TCP\r\n  with ESMTP\r\n  id ABC12345\r\n  for <mary@example.net>;  21 Nov 1997 10:05:43 -0600",
			[]clause{{"from", "x.y.test", ""}, {"by", "example.net", ""}, {"via", "TCP", ""}, {"with", "ESMTP", ""}, {"id", "ABC12345", ""}, {"for", "<mary@example.net>", ""}},
			"Fri, 21 Nov 1997 10:05:43 -0600", nil},
		{"822-A.3.3", "from ISI by KL.SRI with Arpanet; 27 Aug 76 0932 PDT",
			[]clause{{"from", "ISI", ""}, {"by", "KL.SRI", ""}, {"with", "Arpanet", ""}}, "Fri, 27 Aug 1976 09:32:00 -0700", []mime.DefectCode{mime.DefectDateForm}},
		{"5321-4.4 what TCP tells", "from a.example (b.example [192.0.2.1]) by c (Postfix, for you) with ESMTPS (TLS) id 1; Fri, 21 Nov 1997 10:05:43 -0600",
			[]clause{{"from", "a.example", "b.example [192.0.2.1]"}, {"by", "c", "Postfix, for you"}, {"with", "ESMTPS", "TLS"}, {"id", "1", ""}}, "Fri, 21 Nov 1997 10:05:43 -0600", nil},
		{"8314-4.3 tls", `from [192.0.2.1] by c with ESMTP tls TLS_AES_128_GCM_SHA256 for <"a b;c"@d>; 21 Nov 1997 10:05 GMT`,
			[]clause{{"from", "[192.0.2.1]", ""}, {"by", "c", ""}, {"with", "ESMTP", ""}, {"tls", "TLS_AES_128_GCM_SHA256", ""}, {"for", `<"a b;c"@d>`, ""}}, "Fri, 21 Nov 1997 10:05:00 +0000", nil},
		{"more words", "from a by b with Microsoft SMTP Server (version=TLS1_2, cipher=x) id 15.1; 21 Nov 1997 10:05 GMT",
			[]clause{{"from", "a", ""}, {"by", "b", ""}, {"with", "Microsoft SMTP Server", "version=TLS1_2, cipher=x"}, {"id", "15.1", ""}}, "Fri, 21 Nov 1997 10:05:00 +0000", nil},
		{"qmail", "(qmail 123 invoked by uid 0); 21 Nov 1997 10:05:00 -0000", []clause{{"", "", "qmail 123 invoked by uid 0"}}, "Fri, 21 Nov 1997 10:05:00 -0000", nil},
		{"words first", "x y by z; 21 Nov 1997 10:05:00 -0000", []clause{{"", "x y", ""}, {"by", "z", ""}}, "Fri, 21 Nov 1997 10:05:00 -0000", nil},
		{"empty host", "from (a) (b) by z; 21 Nov 1997 10:05:00 -0000", []clause{{"from", "", "a b"}, {"by", "z", ""}}, "Fri, 21 Nov 1997 10:05:00 -0000", nil},
		{"5322-3.6.7 nothing but the date", ";21 Nov 1997 10:05:00 -0000", nil, "Fri, 21 Nov 1997 10:05:00 -0000", nil},
		{"no date", "from a by b", []clause{{"from", "a", ""}, {"by", "b", ""}}, "", []mime.DefectCode{mime.DefectNoReceivedDate}},
		{"nothing behind the semicolon", "from a; (x)", []clause{{"from", "a", ""}}, "", []mime.DefectCode{mime.DefectNoReceivedDate}},
		{"two semicolons", "from a; by b; 21 Nov 1997 10:05 GMT", []clause{{"from", "a;", ""}, {"by", "b", ""}}, "Fri, 21 Nov 1997 10:05:00 +0000", []mime.DefectCode{mime.DefectReceivedToken}},
		{"brackets without end", "from <a by b; 21 Nov 1997 10:05 GMT", []clause{{"from", "<a by b", ""}}, "Fri, 21 Nov 1997 10:05:00 +0000", nil},
		{"comment without end", "from a (b; 21 Nov 1997 10:05 GMT", []clause{{"from", "a", "b"}}, "Fri, 21 Nov 1997 10:05:00 +0000", []mime.DefectCode{mime.DefectUnclosedComment}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v, defects, err := mime.ParseReceived(tt.in, nil)
			require.NoError(t, err)
			assert.Equal(t, tt.clauses, v.Clauses)
			assert.Equal(t, tt.date, v.Date.String())
			assert.Equal(t, tt.defects, codes(defects))
			_, _, err = mime.ParseReceived(tt.in, &mime.Options{Strict: true})
			assert.Equal(t, tt.defects != nil, err != nil, "strict")
		})
	}
}

func TestAddReceived(t *testing.T) {
	h := parse(t, "Subject: x\r\n\r\n")
	v := mime.Received{
		Clauses: []mime.ReceivedClause{{"from", "a.example", "b.example [192.0.2.1]"}, {"by", "c.example", `\o/ (hm)`}, {"with", "ESMTP", ""}, {"for", "<d@e>", ""}},
		Date:    mime.Date{Time: time.Date(1997, 11, 21, 10, 5, 43, 0, time.UTC)},
	}
	require.NoError(t, h.AddReceived(v))
	assert.Equal(t, "Received: from a.example (b.example [192.0.2.1]) by c.example (\\\\o/ \\(hm\\))\r\n"+
		" with ESMTP for <d@e>; Fri, 21 Nov 1997 10:05:43 +0000\r\nSubject: x\r\n\r\n", text(t, &h))
	all, err := h.Received()
	require.NoError(t, err)
	require.Len(t, all, 1)
	assert.Equal(t, v.Clauses, all[0].Clauses)
	assert.True(t, v.Date.Equal(all[0].Date.Time))
	by, ok := all[0].Clause("BY")
	assert.True(t, ok)
	assert.Equal(t, "c.example", by.Value)
	_, ok = all[0].Clause("via")
	assert.False(t, ok)

	assert.Error(t, h.AddReceived(mime.Received{}), "no date")
	for _, c := range []mime.ReceivedClause{{"from", "a by b", ""}, {"x", "a", ""}, {"from", "a;b", ""}, {"from", "a", "b\r\nc"}, {"from", "(a)", ""}} {
		v.Clauses = []mime.ReceivedClause{c}
		assert.Error(t, h.AddReceived(v), c)
	}
	assert.Equal(t, 2, h.Len())

	h, _, _, err = mime.ParseHeader([]byte("Received: from a\r\n\r\n"), &mime.Options{Strict: true})
	require.NoError(t, err)
	_, err = h.Received()
	assert.EqualError(t, err, "mime: Received: no date in received at byte 16 (RFC 5322 §3.6.7)")
}

func FuzzReceived(f *testing.F) {
	f.Add(`from a (b [1.2.3.4]) by c via TCP with ESMTPS id <1@2> for "x y"@z; Fri, 21 Nov 1997 10:05:43 -0600`)
	f.Add("(qmail) ; ; 4 Mar")
	f.Fuzz(func(t *testing.T, s string) {
		v, defects, err := mime.ParseReceived(s, nil)
		require.NoError(t, err)
		_, _, err = mime.ParseReceived(s, &mime.Options{Strict: true})
		require.Equal(t, len(defects) > 0, err != nil)
		b, err := v.AppendText(nil)
		if err != nil {
			return
		}
		again, _, err := mime.ParseReceived(string(b), nil)
		require.NoError(t, err)
		require.Equal(t, v.Clauses, again.Clauses)
		require.Equal(t, v.Date.String(), again.Date.String())
	})
}
