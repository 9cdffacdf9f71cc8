package resolver

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"io"
	"net/netip"

	"applayer/internal/ascii"
)

// random hands out octets of a source, which it reads in larger pieces. A
// source that fails ends the program, as crypto/rand's does: identifiers that
// can be guessed are none (RFC 5452 §9.2).
type random struct {
	src io.Reader
	buf [256]byte
	n   int // octets left, at the end of buf
}

func (r *random) read(b []byte) {
	for len(b) > 0 {
		if r.n == 0 {
			if _, err := io.ReadFull(r.src, r.buf[:]); err != nil {
				panic("resolver: source of random octets: " + err.Error())
			}
			r.n = len(r.buf)
		}
		k := copy(b, r.buf[len(r.buf)-r.n:])
		r.n, b = r.n-k, b[k:]
	}
}

func newRandom(src io.Reader) *random {
	if src == nil {
		src = rand.Reader
	}
	return &random{src: src}
}

func (e *Engine) random16() uint16 {
	var b [2]byte
	e.rand.read(b[:])
	return binary.BigEndian.Uint16(b[:])
}

// mixCase gives each letter of a name on the wire a case by chance, which a
// forger has to guess too.
func (e *Engine) mixCase(name []byte) {
	var bits [32]byte
	e.rand.read(bits[:(len(name)+7)/8])
	for i, c := range name {
		if lower := ascii.Lower(c); lower >= 'a' && lower <= 'z' && bits[i/8]>>(i%8)&1 == 1 {
			name[i] = c ^ 0x20
		}
	}
}

// clientCookie is our cookie for a server: the same as long as we run, another
// for each server (RFC 7873 §4.1).
func (e *Engine) clientCookie(addr netip.Addr) [8]byte {
	h := hmac.New(sha256.New, e.secret[:])
	a := addr.As16()
	h.Write(a[:])
	return [8]byte(h.Sum(nil)[:8])
}
