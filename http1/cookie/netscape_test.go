package cookie_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/http1/cookie"
)

func TestParseNetscape(t *testing.T) {
	at := time.Unix(2000000000, 0).UTC()
	tests := []struct {
		name, in string
		want     cookie.Stored
	}{
		{"curl's", ".example.com\tTRUE\t/\tFALSE\t2000000000\tid\t1678", cookie.Stored{Name: "id", Value: "1678", Domain: "example.com", Path: "/", Expires: at}},
		{"host-only, Secure, session", "example.com\tFALSE\t/x\tTRUE\t0\tid\t1678", cookie.Stored{Name: "id", Value: "1678", Domain: "example.com", Path: "/x", HostOnly: true, Secure: true}},
		{"HttpOnly", "#HttpOnly_example.com\tFALSE\t/\tFALSE\t0\tid\t1678", cookie.Stored{Name: "id", Value: "1678", Domain: "example.com", Path: "/", HostOnly: true, HttpOnly: true}},
		{"CR LF", "example.com\tFALSE\t/\tFALSE\t0\tid\t1678\r", cookie.Stored{Name: "id", Value: "1678", Domain: "example.com", Path: "/", HostOnly: true}},
		{"empty value", "example.com\tFALSE\t/\tFALSE\t0\tid\t", cookie.Stored{Name: "id", Domain: "example.com", Path: "/", HostOnly: true}},
		{"empty value without its tab", "example.com\tFALSE\t/\tFALSE\t0\tid", cookie.Stored{Name: "id", Domain: "example.com", Path: "/", HostOnly: true}},
		{"words in any case, host too", "EXAMPLE.com\tfalse\t/\tTrue\t0\tid\t\"a, b\"", cookie.Stored{Name: "id", Value: `"a, b"`, Domain: "example.com", Path: "/", HostOnly: true, Secure: true}},
		{"an address", "2001:db8::1\tFALSE\t/\tFALSE\t0\tid\t1", cookie.Stored{Name: "id", Value: "1", Domain: "2001:db8::1", Path: "/", HostOnly: true}},
		{"an end beyond all years", "example.com\tFALSE\t/\tFALSE\t99999999999999999999999\tid\t1", cookie.Stored{Name: "id", Value: "1", Domain: "example.com", Path: "/", HostOnly: true, Expires: time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, damaged := cookie.ParseNetscape("# Netscape HTTP Cookie File\n\n# a comment\n"+tt.in+"\n", nil)
			require.Empty(t, damaged)
			assert.Equal(t, []cookie.Stored{tt.want}, got)
		})
	}
}

func TestParseNetscapeDamage(t *testing.T) {
	const good = "example.com\tFALSE\t/\tFALSE\t0\tgood\t1\n"
	tests := []struct {
		name, in string
		offset   int64
		what     string
	}{
		{"too few fields", "example.com\tFALSE\t/", 18, "seven fields of a cookie line"},
		{"too many", strings.TrimSuffix(good, "\n") + "\tx", 33, "seven fields of a cookie line"},
		{"no tabs", "hello", 0, "seven fields of a cookie line"},
		{"no host", "\tFALSE\t/\tFALSE\t0\tid\t1", 0, "domain"},
		{"no host behind the mark", "#HttpOnly_\tFALSE\t/\tFALSE\t0\tid\t1", 10, "domain"},
		{"a host with a space", "example com\tFALSE\t/\tFALSE\t0\tid\t1", 0, "domain"},
		{"no such word", "example.com\tMAYBE\t/\tFALSE\t0\tid\t1", 12, "TRUE or FALSE"},
		{"no such word for Secure", "example.com\tTRUE\t/\tX\t0\tid\t1", 19, "TRUE or FALSE"},
		{"no path", "example.com\tFALSE\tx\tFALSE\t0\tid\t1", 18, "path"},
		{"a time with a fraction", "example.com\tFALSE\t/\tFALSE\t1.5\tid\t1", 26, "seconds since 1970"},
		{"a negative time", "example.com\tFALSE\t/\tFALSE\t-1\tid\t1", 26, "seconds since 1970"},
		{"no name", "example.com\tFALSE\t/\tFALSE\t0\t\t1", 28, "name"},
		{"a name that would be two cookies", "example.com\tFALSE\t/\tFALSE\t0\ta=b; c\t1", 28, "name"},
		{"a value that would be two cookies", "example.com\tFALSE\t/\tFALSE\t0\ta\tb; c=d", 30, "value"},
		{"a control in the value", "example.com\tFALSE\t/\tFALSE\t0\ta\tb\rc", 30, "value"},
		{"a value too long", "example.com\tFALSE\t/\tFALSE\t0\ta\t" + strings.Repeat("x", 4096), 30, "value"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, damaged := cookie.ParseNetscape(good+tt.in+"\n"+good, nil)
			assert.Len(t, got, 2, "the lines around it are taken")
			require.Len(t, damaged, 1)
			assert.Equal(t, cookie.ParseError{Offset: int64(len(good)) + tt.offset, Line: 2, What: tt.what}, *damaged[0])
		})
	}
	_, damaged := cookie.ParseNetscape(strings.Repeat("x\n", 1000), nil)
	assert.Len(t, damaged, 100)
}

func TestAppendNetscape(t *testing.T) {
	c := cookie.Stored{Name: "id", Value: "1678", Domain: "example.com", Path: "/", Expires: time.Unix(2000000000, 5), Secure: true, HttpOnly: true, SameSite: cookie.SameSiteStrict}
	got, err := cookie.AppendNetscape(nil, &c)
	require.NoError(t, err)
	assert.Equal(t, "# SameSite=Strict\n#HttpOnly_.example.com\tTRUE\t/\tTRUE\t2000000000\tid\t1678\n", string(got))
	again, damaged := cookie.ParseNetscape(string(got), nil)
	require.Empty(t, damaged)
	c.Expires = time.Unix(2000000000, 0).UTC()
	assert.Equal(t, []cookie.Stored{c}, again)

	old := cookie.Stored{Name: "a", Value: "b", Domain: "h", Path: "/", HostOnly: true, Expires: time.Unix(-5, 0)}
	got, err = cookie.AppendNetscape(nil, &old)
	require.NoError(t, err)
	assert.Equal(t, "h\tFALSE\t/\tFALSE\t1\ta\tb\n", string(got), "past, and not the session's")

	for name, edit := range map[string]func(*cookie.Stored){
		"a tab in the value":  func(c *cookie.Stored) { c.Value = "a\tb" },
		"a line end":          func(c *cookie.Stored) { c.Value = "a\nb" },
		"a tab in the name":   func(c *cookie.Stored) { c.Name = "a\tb" },
		"no name":             func(c *cookie.Stored) { c.Name = "" },
		"a tab in the path":   func(c *cookie.Stored) { c.Path = "/\t" },
		"no path":             func(c *cookie.Stored) { c.Path = "" },
		"no domain":           func(c *cookie.Stored) { c.Domain = "" },
		"a domain in capital": func(c *cookie.Stored) { c.Domain = "Example.com" },
	} {
		bad := c
		edit(&bad)
		got, err := cookie.AppendNetscape([]byte("kept"), &bad)
		assert.IsType(t, &cookie.ParseError{}, err, name)
		assert.Equal(t, "kept", string(got), name)
	}
}

// Every line that is taken can be written and is then the same; lines do not
// touch each other.
func FuzzParseNetscape(f *testing.F) {
	f.Add(".example.com\tTRUE\t/\tFALSE\t2000000000\tid\t1678\n#HttpOnly_h\tFALSE\t/x\tTRUE\t0\ta\t\n")
	f.Add("# SameSite=Lax\nh\tFALSE\t/\tFALSE\t0\ta\tb\r\nx\n")
	f.Fuzz(func(t *testing.T, text string) {
		got, damaged := cookie.ParseNetscape(text, nil)
		lines := strings.Count(text, "\n") + 1
		require.LessOrEqual(t, len(got)+len(damaged), lines)
		for _, d := range damaged {
			require.LessOrEqual(t, d.Offset, int64(len(text)))
			require.LessOrEqual(t, d.Line, lines)
		}
		var again []byte
		for i := range got {
			var err error
			again, err = cookie.AppendNetscape(again, &got[i])
			require.NoError(t, err, "%+v", got[i])
		}
		same, damaged := cookie.ParseNetscape(string(again), nil)
		require.Empty(t, damaged)
		require.Equal(t, got, same)
		more, _ := cookie.ParseNetscape("broken\n"+text, nil)
		require.Equal(t, got, more)
	})
}
