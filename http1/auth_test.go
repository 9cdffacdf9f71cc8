package http1_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/http1"
)

func TestBasicAuth(t *testing.T) {
	for _, test := range []struct{ name, user, password, want string }{
		{"7617-2 the section's example", "Aladdin", "open sesame", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="},
		{"7617-2.1 UTF-8", "test", "123\u00a3", "Basic dGVzdDoxMjPCow=="},
		{"colons in the password", "a", ":b:", "Basic YTo6Yjo="},
		{"both empty", "", "", "Basic Og=="},
	} {
		t.Run(test.name, func(t *testing.T) {
			v, err := http1.BasicAuth(test.user, test.password)
			require.NoError(t, err)
			assert.Equal(t, test.want, v)
			user, password, err := http1.ParseBasicAuth(strings.Replace(v, "Basic", "bAsIC", 1))
			require.NoError(t, err)
			assert.Equal(t, [2]string{test.user, test.password}, [2]string{user, password})
		})
	}
	for _, bad := range [][2]string{{"a:b", "c"}, {"a\r\n", "b"}, {"a", "b\x00"}, {"a", "\t"}, {"\x7f", ""}} {
		_, err := http1.BasicAuth(bad[0], bad[1])
		assert.ErrorIs(t, err, http1.ErrMalformed, "%q", bad)
	}
	for _, bad := range []string{"", "Basic", "Bearer YTpi", "Basic YTpi!", "Basic YTp", "Basic YWI=", "Basic YTpi\r\n", "Basic YQ0KOmI="} {
		_, _, err := http1.ParseBasicAuth(bad)
		assert.ErrorIs(t, err, http1.ErrMalformed, "%q", bad)
	}
}

func TestBearerAuth(t *testing.T) {
	v, err := http1.BearerAuth("mF_9.B5f-4.1JqM==")
	require.NoError(t, err)
	assert.Equal(t, "Bearer mF_9.B5f-4.1JqM==", v)
	for _, bad := range []string{"", "=", "a b", "a\r\nX: y", "a=b", "ü"} {
		_, err := http1.BearerAuth(bad)
		assert.ErrorIs(t, err, http1.ErrMalformed, "%q", bad)
	}
	var r http1.Request
	require.NoError(t, r.SetBearerAuth("t"))
	require.NoError(t, r.SetBasicAuth("a", "b"))
	require.Error(t, r.SetBearerAuth("\n"))
	assert.Equal(t, "Basic YTpi", r.Header.Get("Authorization"))
}

// FuzzParseBasicAuth: what is taken is what net/http takes, and written back
// gives the same credentials.
func FuzzParseBasicAuth(f *testing.F) {
	f.Add("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==")
	f.Add("basic  Og==")
	f.Fuzz(func(t *testing.T, value string) {
		user, password, err := http1.ParseBasicAuth(value)
		if err != nil {
			return
		}
		v, err := http1.BasicAuth(user, password)
		require.NoError(t, err)
		u, p, err := http1.ParseBasicAuth(v)
		require.NoError(t, err)
		assert.Equal(t, [2]string{user, password}, [2]string{u, p})
		peer := http.Request{Header: http.Header{"Authorization": {v}}}
		pu, pp, ok := peer.BasicAuth()
		assert.True(t, ok)
		assert.Equal(t, [2]string{user, password}, [2]string{pu, pp})
	})
}
