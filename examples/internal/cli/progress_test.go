package cli

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out strings.Builder
		p := &Progress{w: &out, total: 4 << 20, began: time.Now(), target: 40}
		half := make([]byte, 2<<20)
		_, _ = p.Write(half)
		assert.Empty(t, out.String(), "what is done in a moment needs no bar")
		time.Sleep(time.Second)
		_, _ = p.Write(nil)
		assert.Equal(t, "\r["+strings.Repeat("#", 20)+strings.Repeat(" ", 20)+"]  50 %, 2.0 MiB, 2.0 MiB/s\x1b[K", out.String())
		out.Reset()
		p.total = -1
		time.Sleep(time.Second)
		_, _ = p.Write(half)
		_ = p.Close()
		assert.Equal(t, "\r4.0 MiB, 2.0 MiB/s\x1b[K\r\x1b[K", out.String())
	})
}

func TestProgressWithoutTerminal(t *testing.T) {
	var out strings.Builder
	env := &Env{Stderr: &lockedWriter{w: &out}}
	p := env.Progress(1)
	_, _ = p.Write(make([]byte, 1))
	_ = p.Close()
	assert.Nil(t, p.w)
	assert.Empty(t, out.String())
}
