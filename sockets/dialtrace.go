package sockets

import (
	"crypto/tls"
	"net/netip"
)

// DialTrace is called at the steps of a dial, in their order and by one
// goroutine, the one that called [Dialer.Dial]; a nil field is not called. No
// call comes after Dial has returned.
type DialTrace struct {
	// Lookup is called before the Resolver is asked; network is ip, ip4 or ip6.
	Lookup func(network, host string)
	// Answer is called with what the Resolver said.
	Answer func(network, host string, addrs []netip.Addr, err error)
	// Mapped is called when [Dialer.Map] sends an address elsewhere.
	Mapped func(public, local string)
	// Attempt is called as a connection attempt begins.
	Attempt func(network, addr string)
	// Failed is called when an attempt ended without a connection.
	Failed func(network, addr string, err error)
	// Connected is called for the attempt that won.
	Connected func(network, addr string)
	// Cancelled is called, oldest first, for each attempt that was under way
	// when another had won or ctx had ended.
	Cancelled func(network, addr string)
	// Handshake is called after the TLS handshake of [Dialer.DialTLS].
	Handshake func(state tls.ConnectionState, err error)
}

func (t *DialTrace) lookup(network, host string) {
	if t != nil && t.Lookup != nil {
		t.Lookup(network, host)
	}
}

func (t *DialTrace) answer(network, host string, addrs []netip.Addr, err error) {
	if t != nil && t.Answer != nil {
		t.Answer(network, host, addrs, err)
	}
}

func (t *DialTrace) mapped(public, local string) {
	if t != nil && t.Mapped != nil {
		t.Mapped(public, local)
	}
}

func (t *DialTrace) attempt(a attempt) {
	if t != nil && t.Attempt != nil {
		t.Attempt(a.network, a.addr)
	}
}

func (t *DialTrace) failed(a attempt, err error) {
	if t != nil && t.Failed != nil {
		t.Failed(a.network, a.addr, err)
	}
}

func (t *DialTrace) connected(a attempt) {
	if t != nil && t.Connected != nil {
		t.Connected(a.network, a.addr)
	}
}

func (t *DialTrace) cancelled(a attempt) {
	if t != nil && t.Cancelled != nil {
		t.Cancelled(a.network, a.addr)
	}
}

func (t *DialTrace) handshake(state tls.ConnectionState, err error) {
	if t != nil && t.Handshake != nil {
		t.Handshake(state, err)
	}
}
