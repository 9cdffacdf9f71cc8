package dns

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"net/netip"
	"sync"

	"applayer/sockets"
)

const defaultMaxMismatches = 8

// datagrams are buffers for any datagram: a server may send more than it was
// offered, and what is cut could not be read.
var datagrams = sync.Pool{New: func() any { return new([MaxMessage]byte) }}

// exchangeUDP asks from a socket of its own: a fresh port for each question is
// what somebody who forges an answer has to guess too (RFC 5452 §9.2). It is
// connected, so that the kernel drops what comes from elsewhere.
func (t *Transport) exchangeUDP(ctx context.Context, server netip.AddrPort, query makeQuery) ([]byte, error) {
	nc, err := t.dial(ctx, NetworkUDP, server)
	if err != nil {
		return nil, err
	}
	defer nc.Close()
	release := sockets.WithContext(ctx, nc)
	defer release()
	octets, accept, err := query(localAddr(nc))
	if err != nil {
		return nil, err
	}
	if _, err := nc.Write(octets); err != nil {
		return nil, err
	}
	buf := datagrams.Get().(*[MaxMessage]byte)
	defer datagrams.Put(buf)
	limit := cmp.Or(t.MaxMismatches, defaultMaxMismatches)
	for wrong := 0; ; {
		n, err := nc.Read(buf[:])
		if err != nil {
			return nil, err
		}
		err = accept(buf[:n])
		if err == nil {
			return bytes.Clone(buf[:n]), nil
		}
		if e, ok := errors.AsType[*MismatchError](err); ok && e.AskStream {
			return nil, err
		}
		if wrong++; limit >= 0 && wrong >= limit {
			return nil, ErrForgery
		}
	}
}
