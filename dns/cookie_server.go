package dns

import (
	"crypto/subtle"
	"encoding/binary"
	"net/netip"
	"time"
)

// CookieSecret is what a server makes its cookies with; all servers of an
// anycast address have the same (RFC 9018 §4.4).
type CookieSecret [16]byte

// CookieSecrets make and check a server's cookies. During a rollover there are
// two (RFC 9018 §5): first the new one is Previous on all servers, so that each
// takes what the others will make; then the two change places; at last, after
// an hour and the longest TTL, the old one goes. The value may be copied, and
// must not change while it is used.
type CookieSecrets struct {
	// Current makes cookies and checks them.
	Current CookieSecret
	// Previous checks cookies too; nil is none.
	Previous *CookieSecret
}

// serverCookieSize is what RFC 9018 §4 makes of it.
const serverCookieSize = 16

const (
	cookieVersion = 1
	// A cookie is taken that was made up to an hour ago or, since clocks
	// differ, is up to five minutes early; after half an hour there is a new
	// one (RFC 9018 §4.3).
	cookiePast   = int32(time.Hour / time.Second)
	cookieFuture = int32(5 * time.Minute / time.Second)
	cookieRenew  = int32(30 * time.Minute / time.Second)
)

// CookieVerdict is what a server finds of the cookie in a query.
type CookieVerdict uint8

// The verdicts.
const (
	CookieNone  CookieVerdict = iota // the client has none of ours (RFC 7873 §5.2.3)
	CookieBad                        // it is not ours, not for that client, or too old (RFC 7873 §5.2.4)
	CookieGood                       // the client is where it says (RFC 7873 §5.2.5)
	CookieRenew                      // good, and half an hour old: send a new one (RFC 9018 §4.3)
)

// String returns the verdict in a word.
func (v CookieVerdict) String() string {
	if v <= CookieRenew {
		return [...]string{"none", "bad", "good", "renew"}[v]
	}
	return "CookieVerdict(?)"
}

// Good tells whether the client has proved its address.
func (v CookieVerdict) Good() bool { return v == CookieGood || v == CookieRenew }

// Append appends the data of a COOKIE option for the client at an address: its
// own cookie, and ours of that time.
func (s *CookieSecrets) Append(dst []byte, client [8]byte, addr netip.Addr, now time.Time) []byte {
	dst = append(dst, client[:]...)
	start := len(dst)
	dst = append(dst, cookieVersion, 0, 0, 0)
	dst = binary.BigEndian.AppendUint32(dst, uint32(now.Unix()))
	return binary.LittleEndian.AppendUint64(dst, s.Current.hash(client, [8]byte(dst[start:]), addr))
}

// Check tells what the cookie of a query from an address is worth. It takes
// those of RFC 9018 §4, of one length; their reserved octets may have any value.
func (s *CookieSecrets) Check(c Cookie, addr netip.Addr, now time.Time) CookieVerdict {
	if len(c.Server) == 0 {
		return CookieNone
	}
	if len(c.Server) != serverCookieSize || c.Server[0] != cookieVersion {
		return CookieBad
	}
	// Times compare in sequence space (RFC 1982).
	age := int32(uint32(now.Unix()) - binary.BigEndian.Uint32(c.Server[4:]))
	if age > cookiePast || age < -cookieFuture {
		return CookieBad
	}
	head := [8]byte(c.Server)
	good := s.Current.made(c, head, addr)
	if s.Previous != nil && !good {
		if !s.Previous.made(c, head, addr) {
			return CookieBad
		}
		return CookieRenew // with the other secret
	}
	switch {
	case !good:
		return CookieBad
	case age > cookieRenew:
		return CookieRenew
	}
	return CookieGood
}

func (k *CookieSecret) made(c Cookie, head [8]byte, addr netip.Addr) bool {
	var want [8]byte
	binary.LittleEndian.PutUint64(want[:], k.hash(c.Client, head, addr))
	return subtle.ConstantTimeCompare(want[:], c.Server[8:]) == 1
}

// hash is that of RFC 9018 §4.4: of the client's cookie, the first half of
// ours, and the client's address.
func (k *CookieSecret) hash(client, head [8]byte, addr netip.Addr) uint64 {
	var in [32]byte
	b := append(append(in[:0], client[:]...), head[:]...)
	if addr = addr.Unmap(); addr.Is4() {
		v4 := addr.As4()
		b = append(b, v4[:]...)
	} else {
		v6 := addr.As16()
		b = append(b, v6[:]...)
	}
	return sipHash24((*[16]byte)(k), b)
}
