package dns

import (
	"crypto/rand"
	"time"
)

// SetCookies gives the secrets of the server's cookies: one for all servers of
// an anycast address, or others for a rollover (RFC 9018 §5). It may be called
// at any time. The server keeps s.
func (s *Server) SetCookies(c *CookieSecrets) { s.cookies.Store(c) }

// initCookies draws a secret, unless there is one.
func (s *Server) initCookies() {
	if s.NoCookies {
		s.cookies.Store(nil)
		return
	}
	random := new(CookieSecrets)
	rand.Read(random.Current[:])
	s.cookies.CompareAndSwap(nil, random)
}

// readCookie looks at the cookie of a request.
func (q *Query) readCookie() {
	q.hasCookie, q.verdict = false, CookieNone
	secrets := q.x.server.cookies.Load()
	if !q.hasEDNS || secrets == nil {
		return
	}
	c, ok := q.edns.Cookie()
	if !ok {
		return
	}
	q.hasCookie = true
	q.verdict = secrets.Check(c, q.origin.Peer.Addr(), time.Now())
}

// AddressProven tells whether the client is where its address says: it has a
// cookie that was sent there (RFC 7873 §5.2.5), or a connection.
func (q *Query) AddressProven() bool {
	return q.origin.Transport != TransportUDP || q.verdict.Good()
}

// checkCookie holds a request with a cookie to the server's policy.
func (q *Query) checkCookie() (step, RCode) {
	switch {
	case !q.hasCookie && q.nameLen == 0:
		return stepReply, RCodeFormErr // RFC 9619 §4
	case q.nameLen == 0 && q.verdict == CookieBad:
		return stepReply, RCodeBadCookie // RFC 7873 §5.4
	case q.nameLen == 0:
		return stepReply, RCodeNoError
	case q.hasCookie && q.x.server.RequireCookies && !q.AddressProven():
		return stepReply, RCodeBadCookie // RFC 7873 §5.2.3
	}
	return stepServe, RCodeNoError
}

// cookieOption is the size of the data of a COOKIE option of ours.
const cookieOption = clientCookieSize + serverCookieSize

// appendCookie appends the COOKIE option: the one that came if it is good
// (RFC 7873 §5.2.5), else a new one.
func (w *Responder) appendCookie() {
	q := &w.x.query
	secrets := w.x.server.cookies.Load()
	if !q.hasCookie || secrets == nil || !w.startOption(OptionCookie, cookieOption) {
		return
	}
	c, _ := q.edns.Cookie()
	if q.verdict == CookieGood {
		w.b.buf = append(append(w.b.buf, c.Client[:]...), c.Server...)
		return
	}
	w.b.buf = secrets.Append(w.b.buf, c.Client, q.origin.Peer.Addr(), time.Now())
}
