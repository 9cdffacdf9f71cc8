package ftp_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"

	"applayer/ftp"
)

func TestLimitsInForce(t *testing.T) {
	byDefault := ftp.LimitsInForce(nil)
	assert.Equal(t, 4096, byDefault.MaxLine)
	assert.Equal(t, 512, byDefault.MaxReplyLines)
	assert.Equal(t, byDefault, ftp.LimitsInForce(&ftp.Limits{}))
	got := ftp.LimitsInForce(&ftp.Limits{MaxLine: 512, MaxQueue: -1})
	assert.Equal(t, 512, got.MaxLine)
	assert.Equal(t, math.MaxInt, got.MaxQueue, "negative is no limit")
	assert.Equal(t, byDefault.MaxReply, got.MaxReply)
}
