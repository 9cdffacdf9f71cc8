package http1_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/http1"
	"applayer/internal/peers"
)

// downloads is a file and what downloads into it.
type downloads struct {
	*world
	file *os.File
}

// inDownload serves each connection with the next of the responses; "%" in one
// stands for the content from the place that Range asks for.
func inDownload(t *testing.T, content string, responses []string, f func(w *downloads, asked *[]string)) {
	file, err := os.Create(filepath.Join(t.TempDir(), "f"))
	require.NoError(t, err)
	defer file.Close()
	inWorld(t, func(w *world) {
		var asked []string
		w.serve("80", func(p *rawPeer, n int) {
			head := p.head()
			from := 0
			_, ranged, ok := strings.Cut(head, "\r\nRange: bytes=")
			if ok {
				ranged, _, _ = strings.Cut(ranged, "-\r\n")
				from, _ = strconv.Atoi(ranged)
			}
			_, condition, _ := strings.Cut(head, "\r\nIf-Range: ")
			condition, _, _ = strings.Cut(condition, "\r\n")
			asked = append(asked, strings.TrimSpace(ranged+" "+condition))
			if n < len(responses) {
				p.say(strings.ReplaceAll(responses[n], "%", content[min(from, len(content)):]))
			}
		})
		f(&downloads{w, file}, &asked)
	})
}

func (w *downloads) content() string {
	b, err := os.ReadFile(w.file.Name())
	require.NoError(w, err)
	return string(b)
}

func TestDownload(t *testing.T) {
	const (
		whole = "0123456789"
		head  = "HTTP/1.1 200 OK\r\nETag: \"a\"\r\nContent-Length: 10\r\n\r\n"
		part  = "HTTP/1.1 206 Partial Content\r\nETag: \"a\"\r\nContent-Range: bytes "
		date  = "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nLast-Modified: Sun, 06 Nov 1994 08:48:37 GMT\r\nContent-Length: 10\r\n\r\n"
		near  = "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nLast-Modified: Sun, 06 Nov 1994 08:49:36 GMT\r\nContent-Length: 10\r\n\r\n"
	)
	for _, test := range []struct {
		name      string
		start     http1.Download
		there     string
		responses []string
		asked     []string
		want      string // the file
		wantErr   string
		resumed   int
		restarted int
	}{
		{"in one piece", http1.Download{}, "", []string{head + whole}, []string{""}, whole, "", 0, 0},
		{"what is there without being known goes", http1.Download{}, "something longer than that", []string{head + whole}, []string{""}, whole, "", 0, 0},
		{"9110-14.2 cut twice", http1.Download{}, "", []string{head + "0123", part + "4-9/10\r\n\r\n45", part + "6-9/10\r\n\r\n%"},
			[]string{"", `4 "a"`, `6 "a"`}, whole, "", 2, 0},
		{"9110-13.1.5 changed", http1.Download{}, "", []string{head + "0123", "HTTP/1.1 200 OK\r\nETag: \"b\"\r\nContent-Length: 3\r\n\r\nnew"},
			[]string{"", `4 "a"`}, "new", "", 0, 1},
		{"9110-13.1.5 the part's tag is another", http1.Download{}, "",
			[]string{head + "0123", strings.Replace(part, `"a"`, `"b"`, 1) + "4-9/10\r\n\r\n456789", head + whole},
			[]string{"", `4 "a"`, ""}, whole, "", 0, 1},
		{"9110-14.4 the whole is of another size", http1.Download{}, "",
			[]string{head + "0123", part + "4-10/11\r\n\r\n456789x", head + whole}, []string{"", `4 "a"`, ""}, whole, "", 0, 1},
		{"9110-8.8.1 a weak tag does not do", http1.Download{}, "",
			[]string{strings.Replace(head, `"a"`, `W/"a"`, 1) + "0123", head + whole}, []string{"", ""}, whole, "", 0, 1},
		{"9110-8.8.2.2 a date that does", http1.Download{}, "",
			[]string{"HTTP/1.1 200 OK\r\n" + date + "0123", "HTTP/1.1 206 X\r\nContent-Range: bytes 4-9/10\r\n\r\n%"},
			[]string{"", "4 Sun, 06 Nov 1994 08:48:37 GMT"}, whole, "", 1, 0},
		{"9110-8.8.2.2 a date too near", http1.Download{}, "",
			[]string{"HTTP/1.1 200 OK\r\n" + near + "0123", head + whole}, []string{"", ""}, whole, "", 0, 1},
		{"goes on where an earlier run stopped", http1.Download{Offset: 7, Validator: `"a"`}, "0123456", []string{part + "7-9/10\r\n\r\n789"},
			[]string{`7 "a"`}, whole, "", 1, 0},
		{"the file is longer", http1.Download{Offset: 7, Validator: `"a"`}, "0123456torn!!", []string{part + "7-9/10\r\n\r\n789"},
			[]string{`7 "a"`}, whole, "", 1, 0},
		{"9110-15.5.17 all is there", http1.Download{Offset: 10, Validator: `"a"`}, whole,
			[]string{"HTTP/1.1 416 X\r\nContent-Range: bytes */10\r\nContent-Length: 0\r\n\r\n"}, []string{`10 "a"`}, whole, "", 0, 0},
		{"9110-15.5.17 it has become shorter", http1.Download{Offset: 10, Validator: `"a"`}, whole,
			[]string{"HTTP/1.1 416 X\r\nContent-Range: bytes */3\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nnew"},
			[]string{`10 "a"`, ""}, "new", "", 0, 1},
		{"9110-14.4 another part than asked for", http1.Download{Offset: 4, Validator: `"a"`}, "0123",
			[]string{part + "3-9/10\r\n\r\n3456789"}, []string{`4 "a"`}, "0123", "Content-Range is not what was asked for", 0, 0},
		{"9110-14.4 its length is another", http1.Download{Offset: 4, Validator: `"a"`}, "0123",
			[]string{"HTTP/1.1 206 X\r\nContent-Range: bytes 4-9/10\r\nContent-Length: 7\r\n\r\n4567890"}, []string{`4 "a"`}, "0123", "Content-Range is not", 0, 0},
		{"9110-14.4 chunks beyond the part", http1.Download{Offset: 4, Validator: `"a"`}, "0123",
			[]string{"HTTP/1.1 206 X\r\nContent-Range: bytes 4-9/10\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n456789xy\r\n0\r\n\r\n"}, []string{`4 "a"`}, whole, "more octets", 1, 0},
		{"9110-14.4 a part, and no word of the whole", http1.Download{Offset: 4, Validator: `"a"`}, "0123",
			[]string{"HTTP/1.1 206 X\r\nContent-Range: bytes 4-6/*\r\nContent-Length: 3\r\nConnection: close\r\n\r\n456",
				"HTTP/1.1 206 X\r\nContent-Range: bytes 7-9/*\r\nContent-Length: 3\r\nConnection: close\r\n\r\n789",
				"HTTP/1.1 416 X\r\nContent-Range: bytes */10\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"},
			[]string{`4 "a"`, `7 "a"`, `10 "a"`}, whole, "", 2, 0},
		{"several parts", http1.Download{Offset: 4, Validator: `"a"`}, "0123",
			[]string{"HTTP/1.1 206 X\r\nContent-Type: multipart/byteranges; boundary=x\r\nContent-Length: 0\r\n\r\n"}, []string{`4 "a"`}, "0123", "no Content-Range", 0, 0},
		{"206 that nobody asked for", http1.Download{}, "", []string{part + "0-9/10\r\n\r\n" + whole}, []string{""}, "", "answered with 206", 0, 0},
		{"404", http1.Download{}, "", []string{"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"}, []string{""}, "", "answered with 404", 0, 0},
		{"nothing comes, three times", http1.Download{}, "", nil, []string{"", "", ""}, "", "unexpected EOF", 0, 0},
		{"until close", http1.Download{}, "", []string{"HTTP/1.1 200 OK\r\n\r\n" + whole}, []string{""}, whole, "", 0, 0},
		{"empty", http1.Download{}, "old", []string{"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"}, []string{""}, "", "", 0, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			inDownload(t, whole, test.responses, func(w *downloads, asked *[]string) {
				_, err := io.WriteString(w.file, test.there)
				require.NoError(t, err)
				d := test.start
				err = w.client.Download(w.ctx, "http://127.0.0.1/f", w.file, &d)
				if test.wantErr == "" {
					require.NoError(t, err)
					assert.EqualValues(t, len(test.want), d.Offset)
					assert.EqualValues(t, len(test.want), d.Size)
				} else {
					require.Error(t, err)
					assert.ErrorContains(t, err, test.wantErr)
				}
				assert.Equal(t, test.want, w.content())
				assert.Equal(t, test.asked, *asked)
				assert.Equal(t, test.resumed, d.Resumed)
				assert.Equal(t, test.restarted, d.Restarted)
			})
		})
	}
}

// What the file says is no reason to ask again.
func TestDownloadFileFails(t *testing.T) {
	inDownload(t, "", []string{respond("a")}, func(w *downloads, asked *[]string) {
		w.file.Close()
		err := w.client.Download(w.ctx, "http://127.0.0.1/f", w.file, nil)
		assert.True(t, errors.Is(err, os.ErrClosed), "%v", err)
		assert.Len(t, *asked, 1)
	})
}

// Nginx cuts nothing, but its ranges and tags are those of the world.
func TestDownloadInterop(t *testing.T) {
	s := peers.Nginx(t, nil)
	content := strings.Repeat("0123456789", 50_000)
	name := filepath.Join(s.Root, "f")
	require.NoError(t, os.WriteFile(name, []byte(content), 0o644))
	file, err := os.Create(filepath.Join(t.TempDir(), "f"))
	require.NoError(t, err)
	defer file.Close()
	c := new(http1.Client)
	defer c.CloseIdle()
	var d http1.Download
	require.NoError(t, c.Download(t.Context(), s.URL("/f"), file, &d))
	d.Offset = 123_456
	require.NoError(t, file.Truncate(d.Offset))
	require.NoError(t, c.Download(t.Context(), s.URL("/f"), file, &d))
	b, err := os.ReadFile(file.Name())
	require.NoError(t, err)
	assert.True(t, content == string(b))
	assert.Equal(t, [2]int{1, 0}, [2]int{d.Resumed, d.Restarted})

	require.NoError(t, c.Download(t.Context(), s.URL("/f"), file, &d), "all is there")
	require.NoError(t, os.WriteFile(name, []byte("new"), 0o644))
	d.Offset = 1000
	require.NoError(t, c.Download(t.Context(), s.URL("/f"), file, &d))
	b, err = os.ReadFile(file.Name())
	require.NoError(t, err)
	assert.Equal(t, "new", string(b))
	assert.Equal(t, 1, d.Restarted)
}
