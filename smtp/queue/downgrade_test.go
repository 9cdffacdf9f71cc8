package queue_test

import (
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/mime"
	"applayer/smtp"
	"applayer/smtp/queue"
)

func TestDowngrade(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	const head = "From: a@crepes.fr\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
	for name, lines := range map[string]int{"in memory": 1, "in a file": 60_000} {
		t.Run(name, func(t *testing.T) {
			text := strings.Repeat("Crêpes für Bob\r\n", lines)
			r, err := queue.Downgrade(iotest.HalfReader(strings.NewReader(head + text)))
			require.NoError(t, err)
			b, err := io.ReadAll(iotest.HalfReader(r))
			require.NoError(t, err)
			require.NoError(t, r.Close())
			assert.Negative(t, strings.IndexFunc(string(b), func(c rune) bool { return c > 0x7f }))
			e, err := mime.ParseBytes(b, nil)
			require.NoError(t, err)
			got, err := io.ReadAll(e.Text())
			require.NoError(t, err)
			assert.Equal(t, text, string(got))
			left, err := os.ReadDir(os.Getenv("TMPDIR"))
			require.NoError(t, err)
			assert.Empty(t, left)
		})
	}
}

func TestDowngradeRefused(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	broken := errors.New("broken")
	for _, tt := range []struct {
		name    string
		message io.Reader
		want    error
	}{
		{"6531-3.6 a header in UTF-8", strings.NewReader("Subject: Crêpes\r\n\r\n" + strings.Repeat("x\r\n", 500_000)), mime.ErrEightBit},
		{"6531-3.6 one that comes late", strings.NewReader("MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n" +
			strings.Repeat("x\r\n", 500_000) + "--b\r\nSubject: Crêpes\r\n\r\nx\r\n--b--\r\n"), smtp.ErrUnsupported},
		{"a reader that fails", io.MultiReader(strings.NewReader("Subject: x\r\n"), iotest.ErrReader(broken)), broken},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := queue.Downgrade(tt.message)
			assert.ErrorIs(t, err, tt.want)
			left, err := os.ReadDir(os.Getenv("TMPDIR"))
			require.NoError(t, err)
			assert.Empty(t, left)
		})
	}
}
