package dns

import (
	"bytes"
	"io"
	"net/netip"
	"sync"
	"time"
)

const (
	// maxCookies bounds the servers whose cookies a client remembers.
	maxCookies = 4096
	// cookieLife is when a client cookie is replaced (RFC 9018 §3 asks for no
	// more than a year).
	cookieLife = 24 * time.Hour
	// cookiePause is for how long a server without cookies gets none
	// (RFC 9018 §3).
	cookiePause = 5 * time.Minute
)

// cookieJar remembers a client's cookies by server. The zero value is ready.
type cookieJar struct {
	mu      sync.Mutex
	cookies map[netip.AddrPort]jarCookie
}

type jarCookie struct {
	Cookie
	local netip.Addr // from where it was sent
	born  time.Time
	pause time.Time // until when there is none
}

// get returns the cookie to send to a server from that address: another address
// is another client, that may not be known again (RFC 9018 §3). It is not ok
// for a server that has no use for one.
func (j *cookieJar) get(server netip.AddrPort, local netip.Addr, now time.Time, random io.Reader) (c Cookie, ok bool, err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	kept, found := j.cookies[server]
	switch {
	case found && now.Before(kept.pause):
		return c, false, nil
	case found && kept.pause.IsZero() && kept.local == local && now.Sub(kept.born) < cookieLife:
		return kept.Cookie, true, nil
	}
	if _, err := io.ReadFull(random, c.Client[:]); err != nil {
		return c, false, err
	}
	if j.cookies == nil {
		j.cookies = make(map[netip.AddrPort]jarCookie)
	}
	if !found && len(j.cookies) >= maxCookies {
		for old := range j.cookies {
			delete(j.cookies, old) // any: the map's order is as good as another
			break
		}
	}
	j.cookies[server] = jarCookie{Cookie: c, local: local, born: now}
	return c, true, nil
}

// put keeps what the server sent with our cookie, if that is still the one.
func (j *cookieJar) put(server netip.AddrPort, c Cookie) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if kept, ok := j.cookies[server]; ok && kept.Client == c.Client {
		kept.Server = bytes.Clone(c.Server)
		j.cookies[server] = kept
	}
}

// none tells that a server did not answer with a cookie: it gets none for a
// while, and then another (RFC 9018 §3).
func (j *cookieJar) none(server netip.AddrPort, c Cookie, now time.Time) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if kept, ok := j.cookies[server]; ok && kept.Client == c.Client {
		j.cookies[server] = jarCookie{pause: now.Add(cookiePause)}
	}
}
