package http1_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/http1"
)

// otherLectureRequest is the second form of lectureRequest on the slides.
const otherLectureRequest = "GET /index.html HTTP/1.1\r\n" +
	"Host: www-net.cs.umass.edu\r\n" +
	"User-Agent: Firefox/3.6.10\r\n" +
	"Accept: text/html,application/xhtml+xml\r\n" +
	"Accept-Language: en-us,en;q=0.5\r\n" +
	"Accept-Encoding: gzip,deflate\r\n" +
	"Accept-Charset: ISO-8859-1,utf-8;q=0.7\r\n" +
	"Keep-Alive: 115\r\n" +
	"Connection: keep-alive\r\n\r\n"

// lectureResponse is the head of the response message of the lecture's slides.
const lectureResponse = "HTTP/1.1 200 OK\r\n" +
	"Date: Sun, 26 Sep 2010 20:09:20 GMT\r\n" +
	"Server: Apache/2.0.52 (CentOS)\r\n" +
	"Last-Modified: Tue, 30 Oct 2007 17:00:02 GMT\r\n" +
	"ETag: \"17dc6-a5c-bf716880\"\r\n" +
	"Accept-Ranges: bytes\r\n" +
	"Content-Length: 2652\r\n" +
	"Keep-Alive: timeout=10, max=100\r\n" +
	"Connection: Keep-Alive\r\n" +
	"Content-Type: text/html; charset=ISO-8859-1\r\n\r\n"

func TestLectureRequest(t *testing.T) {
	for _, tt := range []struct {
		in, host, path string
		octets         int
	}{
		{lectureRequest, "www.cas.mcmaster.ca", "/index.php", 268},
		{otherLectureRequest, "www-net.cs.umass.edu", "/index.html", 270},
	} {
		assert.Len(t, tt.in, tt.octets)
		var r http1.Request
		n, err := r.Parse([]byte(tt.in), nil)
		require.NoError(t, err)
		assert.Equal(t, tt.octets, n)
		assert.Equal(t, http1.MethodGet, r.Method)
		assert.Equal(t, http1.Target{Authority: tt.host, Path: tt.path}, r.Target)
		assert.Equal(t, http1.HTTP11, r.Version)
		assert.Zero(t, r.Length)
		want := []http1.Field{
			{Name: "Host", Value: tt.host}, {Name: "User-Agent", Value: "Firefox/3.6.10"},
			{Name: "Accept", Value: "text/html,application/xhtml+xml"}, {Name: "Accept-Language", Value: "en-us,en;q=0.5"},
			{Name: "Accept-Encoding", Value: "gzip,deflate"}, {Name: "Accept-Charset", Value: "ISO-8859-1,utf-8;q=0.7"},
			{Name: "Keep-Alive", Value: "115"}, {Name: "Connection", Value: "keep-alive"},
		}
		require.Equal(t, len(want), r.Header.Len())
		for i, f := range want {
			assert.Equal(t, f, r.Header.At(i))
		}
		written, err := r.AppendText(nil)
		require.NoError(t, err)
		assert.Equal(t, tt.in, string(written))
	}
}

func TestLectureResponse(t *testing.T) {
	assert.Len(t, lectureResponse, 308)
	var r http1.Response
	n, err := r.Parse([]byte(lectureResponse), http1.MethodGet, nil)
	require.NoError(t, err)
	assert.Equal(t, 308, n)
	assert.Equal(t, http1.HTTP11, r.Version)
	assert.Equal(t, 200, r.Status)
	assert.Equal(t, "OK", r.Reason)
	assert.EqualValues(t, 2652, r.Length)
	assert.Equal(t, 9, r.Header.Len())
	assert.Equal(t, `"17dc6-a5c-bf716880"`, r.Header.Get("ETag"))
	date, err := http1.ParseDate(r.Header.Get("Last-Modified"), time.Time{})
	require.NoError(t, err)
	assert.Equal(t, time.Date(2007, time.October, 30, 17, 0, 2, 0, time.UTC), date)
	mediaType, err := http1.ParseMediaType(r.Header.Get("Content-Type"))
	require.NoError(t, err)
	assert.Equal(t, "ISO-8859-1", mediaType.Param("charset"))
	written, err := r.AppendText(nil)
	require.NoError(t, err)
	assert.Equal(t, lectureResponse, string(written))
}
