package mime_test

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/mime"
)

const forwarded = multi + "pre\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n" +
	"Content-Type: multipart/alternative; boundary=c\r\n\r\n--c\r\n\r\none\r\n--c\r\n\r\ntwo\r\n--c--\r\n" +
	"--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: plain\r\n\r\nthree\r\n\r\n--b\r\n\r\nfour\r\n--b--\r\npost\r\n"

// TestPath numbers the parts as IMAP does (RFC 9051 §6.4.5.1).
func TestPath(t *testing.T) {
	tests := []struct{ in, want string }{
		{forwarded, ` multipart:,1 message,1 multipart:,1.1 leaf,1.2 leaf,2 message,2.1 leaf,3 leaf`},
		{"Content-Type: message/rfc822\r\n\r\n\r\nhi", ` message,1.1 leaf`},
		{"Content-Type: message/rfc822\r\n\r\n" + forwarded, ` message,1 multipart:,1.1 message,1.1 multipart:,1.1.1 leaf,1.1.2 leaf,1.2 message,1.2.1 leaf,1.3 leaf`},
	}
	for _, tt := range tests {
		e, err := mime.ParseBytes([]byte(tt.in), nil)
		require.NoError(t, err)
		var got []string
		for _, part := range e.Walk() {
			kind := part.Kind().String()
			if part.Kind() == mime.KindMultipart {
				kind += ":"
			}
			got = append(got, part.Path()+" "+kind)
		}
		got[0] = strings.TrimPrefix(got[0], "1")
		assert.Equal(t, tt.want, strings.Join(got, ","))
	}
}

func TestEntity(t *testing.T) {
	e, err := mime.Parse(strings.NewReader(forwarded), int64(len(forwarded)), nil)
	require.NoError(t, err)
	var parts []*mime.Entity
	for c := range e.Children() {
		assert.Equal(t, e, c.Parent())
		parts = append(parts, c)
		if len(parts) == 3 {
			break
		}
	}
	require.Len(t, parts, 3)
	assert.Equal(t, "pre", all(t, e.Octets(e.Preamble()).Reader()))
	assert.Equal(t, "post\r\n", all(t, e.Octets(e.Epilogue()).Reader()))
	assert.Equal(t, forwarded, all(t, e.Source()))
	assert.Equal(t, "Subject: plain\r\n\r\nthree\r\n", all(t, parts[1].Raw()))
	assert.Equal(t, "Content-Type: message/rfc822\r\n\r\nSubject: plain\r\n\r\nthree\r\n", all(t, parts[1].Source()))
	assert.Equal(t, mime.Span{Start: 206, End: 231, Size: 25, Lines: 3}, parts[1].BodySpan())
	assert.EqualValues(t, 2, parts[1].HeaderSpan().Lines)
	h, err := parts[1].Header()
	require.NoError(t, err)
	f, ok := h.Field("content-type")
	require.True(t, ok)
	assert.EqualValues(t, 174, f.Offset(), "from the start of the message")
	assert.Empty(t, parts[2].Octets(parts[2].Preamble()).Size())
	assert.Equal(t, mime.Span{Start: parts[2].BodySpan().End, End: parts[2].BodySpan().End}, parts[2].Epilogue())

	for range e.Walk() {
		break
	}
	n := 0
	for depth, part := range parts[0].Walk() {
		assert.Equal(t, part == parts[0], depth == 0)
		n++
	}
	assert.Equal(t, 4, n, "a part's walk stays in it")
}

// TestEntityWire reads a message with LF as the wire has it.
func TestEntityWire(t *testing.T) {
	lf := strings.ReplaceAll(forwarded, "\r\n", "\n")
	opts := &mime.Options{Wire: true}
	want, err := mime.ParseBytes([]byte(forwarded), nil)
	require.NoError(t, err)
	for _, mixed := range []string{lf, forwarded, lf[:60] + strings.ReplaceAll(lf[60:], "\n", "\r\n")} {
		got, err := mime.Parse(strings.NewReader(mixed), int64(len(mixed)), opts)
		require.NoError(t, err)
		var others []*mime.Entity
		for _, e := range got.Walk() {
			others = append(others, e)
		}
		i := 0
		for _, e := range want.Walk() {
			other := others[i]
			for _, spans := range [][2]mime.Span{
				{e.Span(), other.Span()}, {e.HeaderSpan(), other.HeaderSpan()}, {e.BodySpan(), other.BodySpan()},
				{e.Preamble(), other.Preamble()}, {e.Epilogue(), other.Epilogue()},
			} {
				assert.Equal(t, spans[0].Size, spans[1].Size)
				assert.Equal(t, spans[0].Lines, spans[1].Lines)
				assert.Equal(t, all(t, want.Octets(spans[0]).Reader()), all(t, got.Octets(spans[1]).Reader()))
			}
			assert.Equal(t, all(t, e.Source()), all(t, other.Source()))
			assert.Equal(t, all(t, e.Raw()), all(t, iotest.OneByteReader(other.Raw())))
			i++
		}
		r := mime.NewReader(iotest.HalfReader(strings.NewReader(mixed)), opts)
		ev, err := r.Next()
		require.NoError(t, err)
		assert.Equal(t, all(t, want.Raw()), all(t, ev.Part.Raw()))
	}
}

// TestEntityShared reads one tree from many goroutines.
func TestEntityShared(t *testing.T) {
	root, err := mime.Parse(strings.NewReader(forwarded), int64(len(forwarded)), nil)
	require.NoError(t, err)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for _, e := range root.Walk() {
				h, err := e.Header()
				assert.NoError(t, err)
				_, err = io.Copy(io.Discard, e.Text())
				assert.NoError(t, err)
				_ = fmt.Sprint(h.Len(), e.Path(), e.MediaType(), e.Defects(), e.Filename())
			}
		})
	}
	wg.Wait()
}

func TestEntityDefects(t *testing.T) {
	in := multi + "--b\r\nno header\r\n--b\r\nA: 1\r\nno colon\r\n\r\n--b--"
	e, err := mime.ParseBytes([]byte(in), &mime.Options{Limits: mime.Limits{MaxDefects: 2}})
	require.NoError(t, err)
	assert.Equal(t, "no-header@50 no-colon@72", structureCodes(e.Defects()))
	var each []string
	for c := range e.Children() {
		each = append(each, structureCodes(c.Defects()))
	}
	assert.Equal(t, []string{"no-header@50", "no-colon@72"}, each)
	assert.Zero(t, e.MoreDefects())

	e, err = mime.ParseBytes([]byte(in), &mime.Options{Limits: mime.Limits{MaxDefects: 1}})
	require.NoError(t, err)
	assert.Equal(t, 1, e.MoreDefects())
	r := mime.NewReader(strings.NewReader(in), &mime.Options{Limits: mime.Limits{MaxDefects: 1}})
	stream(t, r)
	assert.Equal(t, 1, r.MoreDefects())
}

// TestStructureStrict makes an error of each first defect, wherever it is.
func TestStructureStrict(t *testing.T) {
	for _, tt := range structures {
		opts := mime.Options{Strict: true}
		if tt.opts != nil {
			opts.Limits = tt.opts.Limits
		}
		_, err := mime.ParseBytes([]byte(tt.in), &opts)
		r := mime.NewReader(strings.NewReader(tt.in), &opts)
		var streamErr error
		for streamErr == nil {
			_, streamErr = r.Next()
		}
		if tt.defects == "" {
			assert.NoError(t, err, tt.name)
			assert.Equal(t, io.EOF, streamErr, tt.name)
			continue
		}
		require.Error(t, err, tt.name)
		assert.Equal(t, err, streamErr, tt.name)
		var at int64
		switch err := err.(type) {
		case *mime.ParseError:
			at = err.Offset
			assert.NotEmpty(t, err.Ref, tt.name)
		case *mime.LimitError:
			assert.Contains(t, tt.name, err.Name)
			continue
		default:
			t.Errorf("%s: %T", tt.name, err)
		}
		first, _, _ := strings.Cut(tt.defects, " ")
		assert.True(t, strings.HasSuffix(first, fmt.Sprint("@", at)), "%s: %v", tt.name, err)
	}
}
