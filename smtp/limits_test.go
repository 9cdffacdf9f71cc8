package smtp_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"

	"applayer/smtp"
)

func TestLimits(t *testing.T) {
	var none *smtp.Limits
	assert.Equal(t, smtp.Limits{
		MaxMessageBytes: 50 << 20, MaxRecipients: 1000, MaxLine: 512, MaxAuthLine: 12288,
		MaxTextLine: 64 << 10, MaxHeaderBytes: 1 << 20, MaxHops: 100, MaxErrors: 20,
		MaxAuthFailures: 3, MaxDiscard: 1 << 20, MaxReplyLines: 512, MaxReplyLine: 4096,
	}, none.InForce())
	some := &smtp.Limits{MaxMessageBytes: -1, MaxRecipients: -1, MaxLine: 1024}
	assert.Equal(t, int64(math.MaxInt64), some.InForce().MaxMessageBytes)
	assert.Equal(t, math.MaxInt, some.InForce().MaxRecipients)
	assert.Equal(t, 1024, some.InForce().MaxLine)
	assert.Equal(t, -1, some.MaxRecipients, "the caller's own is left alone")
}
