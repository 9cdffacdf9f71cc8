//go:build unix

package main

import (
	"fmt"
	"net/netip"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/dns"
	"applayer/internal/testkit"
)

// While zones are read again no query goes without an answer, and a file that is
// wrong changes nothing.
func TestReload(t *testing.T) {
	version := func(serial int) string {
		return fmt.Sprintf("@ 5 SOA ns admin %d 1 1 1 1\n@ 5 NS ns\nns 5 A 192.0.2.1\n", serial)
	}
	name := file(t, "zone", version(1))
	p := testkit.Start(t, testkit.Build(t, "applayer/examples/dns/server"), "-addr", "127.0.0.1:0", "-zone", "example.org="+name)
	at := netip.MustParseAddrPort(strings.TrimPrefix(p.WaitLine("listening on udp "), "listening on udp "))
	c := &dns.Client{Tries: 1}
	defer c.Close()
	serial := func() uint32 {
		m, _, err := c.Exchange(t.Context(), at, &dns.Message{Question: []dns.Question{{Name: dns.MustName("example.org"), Type: dns.TypeSOA, Class: dns.ClassIN}}})
		if assert.NoError(t, err) && assert.Len(t, m.Answer, 1) {
			return m.Answer[0].Data.(*dns.SOA).Serial
		}
		return 0
	}
	var wg sync.WaitGroup
	var done atomic.Bool
	wg.Go(func() {
		for last := uint32(0); !done.Load(); {
			now := serial()
			if !assert.GreaterOrEqual(t, now, last) {
				return
			}
			last = now
		}
	})
	for i := 2; i < 10; i++ {
		text := version(i)
		if i%2 == 0 {
			text = strings.Replace(text, "NS ns", "NS", 1)
		}
		require.NoError(t, os.WriteFile(name, []byte(text), 0o600))
		require.NoError(t, syscall.Kill(p.Pid(), syscall.SIGHUP))
		want, told := i, fmt.Sprintf("serial=%d ", i)
		if i%2 == 0 {
			want, told = i-1, fmt.Sprintf("serial=%d ", i-1)
		}
		for n := range 100_000 { // questions; one takes long enough
			if bad := strings.Count(p.Stderr(), "zone not loaded; the old one stays"); bad == i/2 && strings.Contains(p.Stderr(), told) || i == 2 && bad == 1 {
				break
			}
			require.Less(t, n, 99_999, p.Stderr())
			serial()
		}
		assert.EqualValues(t, want, serial())
	}
	done.Store(true)
	wg.Wait()
	require.NoError(t, syscall.Kill(p.Pid(), syscall.SIGTERM))
	assert.Equal(t, 0, p.Wait())
}
