package smtp_test

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/testkit"
	"applayer/smtp"
)

// fate is what becomes of a message.
type fate uint8

const (
	fateCut     fate = iota // the client is gone before the end of it
	fateUnknown             // the end was sent, the reply not read
	fateAcknowledged
)

// Of many clients, some of whom are gone in the middle: what was answered 250 is
// there once, what did not end is not there.
func TestServerStress(t *testing.T) {
	testkit.NoLeaks(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	m := new(mailbox)
	srv := &smtp.Server{Hostname: "hamburger.edu", Backend: m}
	done := make(chan error, 1)
	go func() { done <- srv.Serve(l) }()

	var mu sync.Mutex
	fates := map[string]fate{}
	var wg sync.WaitGroup
	for client := range 8 {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(1, uint64(client)))
			for i := 0; i < 25; {
				i = stress(t, r, l.Addr().String(), client, i, func(text string, f fate) {
					mu.Lock()
					defer mu.Unlock()
					fates[text] = f
				})
			}
		})
	}
	wg.Wait()
	require.NoError(t, srv.Shutdown(t.Context()))
	require.ErrorIs(t, <-done, smtp.ErrServerClosed)

	stored := map[string]int{}
	for _, letter := range m.got() {
		stored[letter.Text]++
	}
	acknowledged := 0
	for text, f := range fates {
		switch f {
		case fateCut:
			assert.Zero(t, stored[text])
		case fateUnknown:
			assert.LessOrEqual(t, stored[text], 1)
		case fateAcknowledged:
			acknowledged++
			assert.Equal(t, 1, stored[text])
		}
	}
	assert.Greater(t, acknowledged, 20)
	assert.Greater(t, len(fates), acknowledged+20)
}

// stress sends messages over one connection, from number i on, until it is cut,
// and returns the number of the next.
func stress(t *testing.T, r *rand.Rand, addr string, client, i int, note func(string, fate)) int {
	nc, err := net.Dial("tcp", addr)
	if !assert.NoError(t, err) {
		return 1000
	}
	defer nc.Close()
	in := bufio.NewReader(nc)
	expect := func(lines int) {
		for range lines {
			line, err := in.ReadString('\n')
			if assert.NoError(t, err) {
				assert.True(t, line[0] == '2' || line[0] == '3', line)
			}
		}
	}
	expect(1)
	io.WriteString(nc, "HELO a\r\n")
	expect(1)
	for ; i < 25; i++ {
		text := fmt.Sprintf("message %d of %d\r\n.\r\n%s\r\n", i, client, strings.Repeat("x", r.IntN(20000)))
		whole := "DATA\r\n" + strings.ReplaceAll(text, "\r\n.", "\r\n..") + ".\r\n"
		if r.IntN(2) == 0 {
			k := r.IntN(len(text))
			whole = fmt.Sprintf("BDAT %d\r\n%sBDAT %d LAST\r\n%s", k, text[:k], len(text)-k, text[k:])
		}
		io.WriteString(nc, "MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\n")
		expect(2)
		switch r.IntN(4) {
		case 0:
			note(text, fateCut)
			io.WriteString(nc, whole[:r.IntN(len(whole))])
			return i + 1
		case 1:
			note(text, fateUnknown)
			io.WriteString(nc, whole)
			return i + 1
		}
		io.WriteString(nc, whole)
		expect(2) // 354, or the reply to the first chunk
		note(text, fateAcknowledged)
	}
	return i
}
