package recursion_test

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/dns"
	"applayer/dns/zone"
	"applayer/examples/internal/recursion"
	"applayer/sockets"
)

// A flood of questions that lead to a server which does not answer takes so many
// sockets and no more.
func TestMaxAsking(t *testing.T) {
	z, _, err := zone.Load(strings.NewReader("@ 60 SOA ns. admin. 1 1 1 1 1\n@ 60 NS ns.\nns. 60 A 192.0.2.1\norg. 60 NS ns.org.\nns.org. 60 A 192.0.2.2\n"),
		&zone.ReaderOptions{Origin: dns.Root})
	require.NoError(t, err)
	var store zone.Store
	store.Publish(z)
	synctest.Test(t, func(t *testing.T) {
		silent := func(ctx context.Context, _, _ string) (net.Conn, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}
		client := &dns.Client{Transport: &dns.Transport{Dialer: &sockets.Dialer{Connect: silent}}}
		defer client.Close()
		s := &dns.Server{Handler: &recursion.Handler{Authority: &zone.Handler{Store: &store}, Client: client}}
		from := dns.Origin{Peer: netip.MustParseAddrPort("192.0.2.9:5353")}
		answers := make(chan []byte, recursion.MaxAsking+1)
		ask := func(id int) {
			q, err := dns.AppendMessage(nil, &dns.Message{
				Header:   dns.Header{ID: uint16(id), RecursionDesired: true},
				Question: []dns.Question{{Name: dns.MustName(fmt.Sprintf("a%d.org.", id)), Type: dns.TypeA, Class: dns.ClassIN}},
			})
			assert.NoError(t, err)
			answers <- s.AppendResponse(context.Background(), nil, q, from)
		}
		for id := range recursion.MaxAsking {
			go ask(id)
		}
		synctest.Wait()
		require.Empty(t, answers)
		ask(recursion.MaxAsking)
		for range cap(answers) {
			m, err := dns.ParseMessage(<-answers, nil)
			require.NoError(t, err)
			assert.Equal(t, dns.RCodeServFail, m.RCode)
		}
		go ask(0)
		synctest.Wait()
		assert.Empty(t, answers, "there is room again")
		<-answers
	})
}
