package main

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The corpus is as large as the work order says, and every peer reads each
// message of it to its end.
func TestMailCorpus(t *testing.T) {
	c := mailCorpus()
	require.Len(t, c.messages, mailMessages)
	assert.InDelta(t, 110e6, len(c.mbox), 5e6)
	assert.Equal(t, mailMessages, bytes.Count(c.mbox, []byte("From alice@crepes.fr ")))
	for i, msg := range c.messages[:40] {
		standard, err := standardMessage(bytes.NewReader(msg))
		require.NoError(t, err, i)
		emersion, err := emersionMessage("", bytes.NewReader(msg))
		require.NoError(t, err, i)
		assert.Equal(t, standard, emersion, i)
	}
}
