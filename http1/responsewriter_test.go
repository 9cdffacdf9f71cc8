package http1_test

import (
	"context"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/http1"
)

// received parses a request's head as a server does.
func received(t *testing.T, head string) *http1.Request {
	t.Helper()
	var r http1.Request
	_, err := r.Parse([]byte(head), nil)
	require.NoError(t, err)
	return &r
}

func TestResponseRules(t *testing.T) {
	type writer = *http1.ResponseWriter
	long := strings.Repeat("x", 5000)
	const get, head = "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n"
	tests := []struct {
		name, in string
		answer   func(w writer) error
		status   int
		fields   []string // name: value
		missing  []string
		body     string
	}{
		{"9110-8.6 what is held back gets its length", get,
			func(w writer) error { _, err := w.WriteString("hello"); return err },
			200, []string{"Content-Length: 5"}, nil, "hello"},
		{"9110-8.6 nothing written", get, func(writer) error { return nil }, 200, []string{"Content-Length: 0"}, nil, ""},
		{"9112-6.1 long content has no length", get,
			func(w writer) error { _, err := w.WriteString(long); return err },
			200, nil, []string{"Content-Length"}, long},
		{"9110-15.3.5 a 204 has no content", get,
			func(w writer) error {
				w.WriteHeader(204)
				w.Header().Set("Content-Length", "5")
				_, err := w.WriteString("hello")
				assert.ErrorIs(t, err, http1.ErrNoBody)
				return nil
			}, 204, nil, []string{"Content-Length"}, ""},
		{"9110-15.4.5 a 304 keeps validators alone", get,
			func(w writer) error {
				w.WriteHeader(304)
				w.Header().Set("ETag", `"a"`)
				w.Header().Set("Vary", "Accept")
				w.Header().Set("Cache-Control", "no-cache")
				w.Header().Set("Content-Type", "text/html")
				w.Header().Set("Content-Length", "5")
				return nil
			}, 304, []string{`ETag: "a"`, "Vary: Accept", "Cache-Control: no-cache"}, []string{"Content-Type", "Content-Length"}, ""},
		{"9110-15.5.1 an error drops what told of the content", get,
			func(w writer) error {
				w.Header().Set("ETag", `"a"`)
				w.WriteString("half")
				w.Error(404, "nothing here")
				return nil
			}, 404, []string{"Content-Type: text/plain; charset=utf-8", "Content-Length: 13"}, []string{"ETag"}, "nothing here\n"},
		{"ReadFrom holds back what is short", get,
			func(w writer) error {
				n, err := w.ReadFrom(strings.NewReader("hello"))
				assert.EqualValues(t, 5, n)
				return err
			}, 200, []string{"Content-Length: 5"}, nil, "hello"},
		{"ReadFrom sends what is long", get,
			func(w writer) error {
				w.WriteString("<")
				n, err := w.ReadFrom(strings.NewReader(long))
				assert.EqualValues(t, len(long), n)
				return err
			}, 200, nil, []string{"Content-Length"}, "<" + long},
		{"ReadFrom of the declared length", get,
			func(w writer) error {
				w.Header().Set("Content-Length", "5000")
				n, err := w.ReadFrom(strings.NewReader(long))
				assert.EqualValues(t, len(long), n)
				return err
			}, 200, []string{"Content-Length: 5000"}, nil, long},
		{"9110-9.3.2 HEAD has the length of GET", head,
			func(w writer) error { _, err := w.WriteString("hello"); return err },
			200, []string{"Content-Length: 5"}, nil, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var err error
			resp, recErr := http1.Record(t.Context(), http1.HandlerFunc(func(_ context.Context, w *http1.ResponseWriter, _ *http1.Request) {
				err = tt.answer(w)
			}), received(t, tt.in))
			require.NoError(t, recErr)
			require.NoError(t, err)
			assert.Equal(t, tt.status, resp.Status)
			for _, f := range tt.fields {
				name, value, _ := strings.Cut(f, ": ")
				assert.Equal(t, value, resp.Header.Get(name), name)
			}
			for _, name := range tt.missing {
				assert.False(t, resp.Header.Has(name), name)
			}
			body, err := io.ReadAll(resp.Body)
			require.NoError(t, err)
			assert.Equal(t, tt.body, string(body))
		})
	}
}

func TestDeclaredLengthIsKept(t *testing.T) {
	tests := []struct {
		name   string
		answer func(w *http1.ResponseWriter) error
	}{
		{"less", func(w *http1.ResponseWriter) error { _, err := w.WriteString("four"); return err }},
		{"nothing", func(*http1.ResponseWriter) error { return nil }},
		{"more", func(w *http1.ResponseWriter) error {
			n, err := w.WriteString("six...")
			assert.Equal(t, 5, n)
			assert.ErrorIs(t, err, http1.ErrBodyLength)
			return nil
		}},
		{"more by ReadFrom", func(w *http1.ResponseWriter) error {
			n, err := w.ReadFrom(strings.NewReader("six..."))
			assert.EqualValues(t, 5, n)
			assert.ErrorIs(t, err, http1.ErrBodyLength)
			return nil
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var err error
			resp, recErr := http1.Record(t.Context(), http1.HandlerFunc(func(_ context.Context, w *http1.ResponseWriter, _ *http1.Request) {
				w.Header().Set("Content-Length", "5")
				err = tt.answer(w)
			}), received(t, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"))
			require.NoError(t, err)
			require.NoError(t, recErr)
			assert.Equal(t, 500, resp.Status, "nothing was sent yet")
		})
	}
}
