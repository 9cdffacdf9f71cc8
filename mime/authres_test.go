package mime_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/mime"
)

func TestParseAuthResults(t *testing.T) {
	type (
		result = mime.AuthResult
		prop   = mime.AuthProperty
	)
	const damaged = mime.DefectAuthResult
	tests := []struct {
		name, in string
		want     mime.AuthResults
		defects  []mime.DefectCode
	}{
		{"8601-B.2 nothing done", "example.org 1; none", mime.AuthResults{ServID: "example.org", Version: 1}, nil},
		{"8601-B.3 service provided", " example.com;\r\n          spf=pass smtp.mailfrom=example.net",
			mime.AuthResults{ServID: "example.com", Version: 1, Results: []result{{Method: "spf", Version: 1, Result: "pass", Properties: []prop{{"smtp", "mailfrom", "example.net"}}}}}, nil},
		{"8601-B.4 two methods", "example.com;\r\n          auth=pass (cram-md5) smtp.auth=sender@example.net;\r\n          spf=pass smtp.mailfrom=example.net",
			mime.AuthResults{ServID: "example.com", Version: 1, Results: []result{
				{Method: "auth", Version: 1, Result: "pass", Comment: "cram-md5", Properties: []prop{{"smtp", "auth", "sender@example.net"}}},
				{Method: "spf", Version: 1, Result: "pass", Properties: []prop{{"smtp", "mailfrom", "example.net"}}},
			}}, nil},
		{"8601-B.6 reason", "example.com;\r\n dkim=pass reason=\"good signature\"\r\n  header.i=@mail-router.example.net;\r\n dkim=fail reason=\"bad signature\" header.i=@newyork.example.com",
			mime.AuthResults{ServID: "example.com", Version: 1, Results: []result{
				{Method: "dkim", Version: 1, Result: "pass", Reason: "good signature", Properties: []prop{{"header", "i", "@mail-router.example.net"}}},
				{Method: "dkim", Version: 1, Result: "fail", Reason: "bad signature", Properties: []prop{{"header", "i", "@newyork.example.com"}}},
			}}, nil},
		{"8601-B.7 comments everywhere", "foo.example.net (foobar) 1 (baz);\r\n dkim (Because I like it) / 1 (One yay) = (wait for it) fail\r\n  policy (A dot can go here) . (like that) expired\r\n  (this surprised me) = (as I wasn't expecting it) 1362471462",
			mime.AuthResults{ServID: "foo.example.net", Version: 1, Results: []result{
				{Method: "dkim", Version: 1, Result: "fail", Properties: []prop{{"policy", "expired", "1362471462"}}},
			}}, nil},
		{"8601-2.2 quoted", `"a b" 2; x/3=PASS Header.From="c; d"`, mime.AuthResults{ServID: "a b", Version: 2, Results: []result{
			{Method: "x", Version: 3, Result: "pass", Properties: []prop{{"header", "from", "c; d"}}}}}, nil},
		{"not quoted", "a; iprev=pass policy.iprev=2001:db8::1 header.b=ab/c==;", mime.AuthResults{ServID: "a", Version: 1, Results: []result{
			{Method: "iprev", Version: 1, Result: "pass", Properties: []prop{{"policy", "iprev", "2001:db8::1"}, {"header", "b", "ab/c=="}}}}}, nil},
		{"quoted local part", `a; spf=pass smtp.mailfrom="b c"@d`, mime.AuthResults{ServID: "a", Version: 1, Results: []result{
			{Method: "spf", Version: 1, Result: "pass", Properties: []prop{{"smtp", "mailfrom", "b c@d"}}}}}, nil},
		{"no host", "spf=pass (x) smtp.mailfrom=b; dkim=none", mime.AuthResults{Version: 1, Results: []result{
			{Method: "spf", Version: 1, Result: "pass", Comment: "x", Properties: []prop{{"smtp", "mailfrom", "b"}}},
			{Method: "dkim", Version: 1, Result: "none"}}}, []mime.DefectCode{mime.DefectNoServID}},
		{"damaged results", "a x; spf; dkim=; dmarc=pass b c.d; q=r .=; u=v w=x; y=z k.=l; m=n o.p q", mime.AuthResults{ServID: "a", Version: 1, Results: []result{
			{Method: "dmarc", Version: 1, Result: "pass"}, {Method: "q", Version: 1, Result: "r"}, {Method: "u", Version: 1, Result: "v"}, {Method: "y", Version: 1, Result: "z"}, {Method: "m", Version: 1, Result: "n"}}},
			[]mime.DefectCode{damaged, damaged, damaged, damaged, damaged, damaged, damaged, damaged}},
		{"empty", "", mime.AuthResults{Version: 1}, []mime.DefectCode{mime.DefectNoServID, damaged}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a, defects, err := mime.ParseAuthResults(tt.in, nil)
			require.NoError(t, err)
			assert.Equal(t, tt.want, a)
			assert.Equal(t, tt.defects, codes(defects))
			_, _, err = mime.ParseAuthResults(tt.in, &mime.Options{Strict: true})
			assert.Equal(t, tt.defects != nil, err != nil, "strict")
			if tt.defects == nil {
				b, err := a.AppendText(nil)
				require.NoError(t, err)
				again, defects, err := mime.ParseAuthResults(string(b), nil)
				require.NoError(t, err)
				assert.Empty(t, defects)
				assert.Equal(t, a, again)
			}
		})
	}
}

func TestAddAuthResults(t *testing.T) {
	h := parse(t, "Subject: x\r\n\r\n")
	a := mime.AuthResults{ServID: "mx.example", Results: []mime.AuthResult{{
		Method: "dkim", Version: 2, Result: "fail", Reason: "bad signature", Comment: "(hm)",
		Properties: []mime.AuthProperty{{"header", "d", "a.example"}, {"header", "b", "ab=="}},
	}}}
	require.NoError(t, h.AddAuthResults(a))
	assert.Equal(t, "Authentication-Results: mx.example; dkim/2=fail (\\(hm\\))\r\n reason=\"bad signature\" header.d=a.example header.b=\"ab==\"\r\nSubject: x\r\n\r\n", text(t, &h))
	all, err := h.AuthResults()
	require.NoError(t, err)
	require.Len(t, all, 1)
	assert.Equal(t, a.Results, all[0].Results)
	assert.Equal(t, "a.example", all[0].Results[0].Property("Header.D"))
	assert.Equal(t, "", all[0].Results[0].Property("header.i"))

	for _, bad := range []mime.AuthResults{
		{},
		{ServID: "a\r\n"},
		{ServID: "a", Results: []mime.AuthResult{{Method: "DKIM", Result: "pass"}}},
		{ServID: "a", Results: []mime.AuthResult{{Method: "dkim"}}},
		{ServID: "a", Results: []mime.AuthResult{{Method: "dkim", Result: "pass", Comment: "\n"}}},
		{ServID: "a", Results: []mime.AuthResult{{Method: "dkim", Result: "pass", Properties: []mime.AuthProperty{{"a b", "c", "d"}}}}},
	} {
		assert.Error(t, h.AddAuthResults(bad))
	}
	assert.Equal(t, 2, h.Len())
}

func FuzzAuthResults(f *testing.F) {
	f.Add(`mx.example (a) 1; dkim/1=pass (b) reason="c d" header.d=e header.b="f=="; spf=none`)
	f.Add("spf=pass smtp.mailfrom=\"b c\"@d; none")
	f.Fuzz(func(t *testing.T, s string) {
		a, defects, err := mime.ParseAuthResults(s, nil)
		require.NoError(t, err)
		_, _, err = mime.ParseAuthResults(s, &mime.Options{Strict: true})
		require.Equal(t, len(defects) > 0, err != nil)
		b, err := a.AppendText(nil)
		if err != nil {
			return
		}
		again, defects, err := mime.ParseAuthResults(string(b), nil)
		require.NoError(t, err)
		require.Empty(t, defects, "%q", b)
		c, err := again.AppendText(nil)
		require.NoError(t, err)
		require.Equal(t, string(b), string(c))
	})
}

func ExampleAuthResult_Property() {
	a, _, err := mime.ParseAuthResults("mx.example.org; dkim=pass (2048 bits) header.d=example.net; spf=fail smtp.mailfrom=example.com", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, r := range a.Results {
		fmt.Println(a.ServID, r.Method, r.Result, r.Property("header.d"))
	}
	// Output:
	// mx.example.org dkim pass example.net
	// mx.example.org spf fail
}
