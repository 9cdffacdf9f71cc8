package smtp_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/smtp"
)

func TestNewEnvelope(t *testing.T) {
	e, err := smtp.NewEnvelope("alice@crepes.fr", "bob@hamburger.edu", `"a b"@[192.0.2.1]`)
	require.NoError(t, err)
	assert.Equal(t, smtp.Envelope{
		From: alice,
		To:   []smtp.Recipient{{Path: bob}, {Path: smtp.Path{Local: "a b", Domain: "192.0.2.1", Literal: true}}},
	}, e)
	e, err = smtp.NewEnvelope("", "bob@hamburger.edu")
	require.NoError(t, err)
	assert.True(t, e.From.IsNull())

	for _, bad := range []string{"bob", "<bob@hamburger.edu>", "bob@hamburger.edu\r\nQUIT", "bob@hamburger.edu SIZE=1", "bob@", "@b"} {
		_, err = smtp.NewEnvelope(bad, "bob@hamburger.edu")
		assert.ErrorContains(t, err, "smtp: from ", "%q", bad)
		e, err = smtp.NewEnvelope("alice@crepes.fr", bad)
		assert.ErrorContains(t, err, "smtp: to ", "%q", bad)
		assert.Empty(t, e)
	}
	_, err = smtp.NewEnvelope("alice@crepes.fr", "")
	assert.Error(t, err, "nobody has no address")
}
