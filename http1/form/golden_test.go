package form_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/http1"
	"applayer/http1/form"
	"applayer/internal/golden"
)

// TestCurlCapture reads the two forms that curl sent to Apache.
func TestCurlCapture(t *testing.T) {
	conversations := golden.Load(t, "../testdata/golden/curl-apache-forms.pcap")
	require.Len(t, conversations, 1)
	stream := conversations[0].Client
	next := func() *form.Form {
		var r http1.Request
		n, err := r.Parse(stream, nil)
		require.NoError(t, err)
		end := n + int(r.Length)
		r.Body = bytes.NewReader(stream[n:end])
		stream = stream[end:]
		f, err := form.ReadRequest(&r, nil)
		require.NoError(t, err)
		return f
	}
	first := next()
	assert.Equal(t, form.Fields{pair("name", "A B"), pair("city", "Köln"), bare("monkeys")}, first.Fields)
	second := next()
	assert.Equal(t, form.Fields{pair("name", "A B")}, second.Fields)
	require.Len(t, second.Files, 1)
	file := second.File("file")
	assert.Equal(t, "note.txt", file.FileName)
	assert.Equal(t, "text/plain", file.ContentType)
	assert.Equal(t, "some text\n", content(t, file))
	assert.Empty(t, stream)
}
