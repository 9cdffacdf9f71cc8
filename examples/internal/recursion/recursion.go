// Package recursion is the name server that the lecture's recursive query
// needs, and that nobody runs: one with authority that asks the next server
// itself where its zones lead to another, and holds the question until it has
// the answer. Real root and top-level servers refer instead.
package recursion

import (
	"context"
	"net/netip"
	"sync/atomic"
	"time"

	"applayer/dns"
)

// Timeout is how long a server waits for the next one.
const Timeout = 4 * time.Second

// MaxAsking is how many questions a server asks at once. More are answered with
// SERVFAIL: a flood of them would take all its sockets.
const MaxAsking = 256

// Handler answers as Authority does, but for referrals: there it asks the
// server referred to, for the client.
type Handler struct {
	// Authority answers from the server's zones; it must answer at once.
	Authority dns.Handler
	// Client asks the next server.
	Client *dns.Client
	// Port is where name servers listen; 0 is 53.
	Port uint16

	asking atomic.Int32
}

// ServeDNS implements [dns.Handler].
func (h *Handler) ServeDNS(ctx context.Context, w *dns.Responder, q *dns.Query) {
	w.SetRecursionAvailable(true)
	next, referred := h.referral(ctx, q)
	if !referred || !q.Header.RecursionDesired {
		h.Authority.ServeDNS(ctx, w, q)
		return
	}
	if h.asking.Add(1) > MaxAsking {
		h.asking.Add(-1)
		w.SetRCode(dns.RCodeServFail)
		return
	}
	question := q.Question()
	_, w = q.Detach()
	go func() {
		defer h.asking.Add(-1)
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), Timeout)
		defer cancel()
		if answer, err := h.ask(ctx, next, question); err != nil || w.Message(answer) != nil {
			w.Reset()
			w.SetRCode(dns.RCodeServFail)
		}
		w.SetAuthoritative(false)
		w.SetRecursionAvailable(true)
		_ = w.Send() // a client that is gone
	}()
}

// referral returns the address of the server to which the authority refers.
func (h *Handler) referral(ctx context.Context, q *dns.Query) (netip.AddrPort, bool) {
	srv := dns.Server{Handler: h.Authority}
	reply := srv.AppendResponse(ctx, nil, q.Raw(), dns.Origin{Peer: q.Peer(), Local: q.Local(), Transport: dns.TransportTCP})
	m, err := dns.ParseMessage(reply, nil)
	if err != nil || m.Authoritative || m.RCode != dns.RCodeNoError || len(m.Answer) > 0 || len(m.Authority) == 0 {
		return netip.AddrPort{}, false
	}
	port := h.Port
	if port == 0 {
		port = 53
	}
	for _, rr := range m.Additional {
		if a, ok := rr.Data.(*dns.A); ok {
			return netip.AddrPortFrom(a.Addr, port), true
		}
	}
	return netip.AddrPort{}, false
}

func (h *Handler) ask(ctx context.Context, server netip.AddrPort, q dns.Question) (*dns.Message, error) {
	answer, _, err := h.Client.Exchange(ctx, server, &dns.Message{
		Header: dns.Header{RecursionDesired: true}, Question: []dns.Question{q},
	})
	return answer, err
}
