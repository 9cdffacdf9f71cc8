package zone

import (
	"context"
	"sync"

	"applayer/dns"
)

// A Handler answers queries from the zones of a [Store], with authority: it is
// the [dns.Handler] of an authoritative server (RFC 1034 §4.3.2). Names that
// none of the zones has are REFUSED. Its fields may not be changed, nor the
// Handler be copied, once it is used. Goroutines share it without a lock.
type Handler struct {
	// Store holds the zones; nil is none.
	Store *Store
	// Full adds to an answer what was not asked for, as RFC 1034 §4.3.2 step 6
	// has it: the zone's name servers, and the addresses of the hosts in what
	// was. Without it answers are as short as they can be: a resolver takes none
	// of this from an answer.
	Full bool
	// Everywhere has Full look for addresses in all zones served, not in the
	// answer's alone (RFC 1034 §4.3.2 step 6: "local data"), as BIND does where it
	// offers recursion too.
	Everywhere bool
	// ANY is what a question for all types gets. The default is one set over
	// UDP and all over TCP.
	ANY ANY
	// Rotate is the order of a name's addresses from answer to answer. The
	// default is that of the zone.
	Rotate Rotation
	// Policy chooses addresses; nil answers with all of them.
	Policy Policy
	// Version is what version.bind and version.server of class CHAOS say, and
	// ServerID what id.server and hostname.bind do (RFC 4892); "" is REFUSED.
	Version, ServerID string
	// Prepared is how many answers are kept as they were sent, to be copied when
	// the question comes again: those for names that exist, of 4096 octets at
	// most. The default is 16384; a negative value keeps none.
	Prepared int

	start sync.Once
	hot   *hot
	rotor rotor
}

const defaultPrepared = 16384

// answers are those at rest: they hold the octets of an answer and the table of
// its names.
var answers = sync.Pool{New: func() any { return new(answer) }}

// ServeDNS answers q. It implements [dns.Handler].
func (h *Handler) ServeDNS(ctx context.Context, w *dns.Responder, q *dns.Query) {
	h.start.Do(h.prepare)
	switch {
	case q.Class == dns.ClassCH:
		h.chaos(w, q)
		return
	case q.Type == dns.TypeMAILA || q.Type == dns.TypeMAILB:
		w.SetRCode(dns.RCodeNotImp) // nobody asks for these (RFC 1035 §3.2.3)
		return
	case q.Type == dns.TypeAXFR || q.Type == dns.TypeIXFR || h.Store == nil:
		w.SetRCode(dns.RCodeRefused)
		return
	}
	h.answer(ctx, w, q)
}

func (h *Handler) prepare() {
	n := h.Prepared
	if n == 0 {
		n = defaultPrepared
	}
	h.hot = newHot(n)
}

func (h *Handler) answer(ctx context.Context, w *dns.Responder, q *dns.Query) {
	zs := h.Store.load()
	ask := question{name: q.CanonicalName(), typ: q.Type, class: q.Class, signed: q.DNSSECOK(), full: h.Full, everywhere: h.Full && h.Everywhere, any: h.ANY}
	if ask.any == ANYOverTCP && q.Transport() != dns.TransportUDP {
		ask.any = ANYAll
	}
	chosen := h.Policy != nil
	common := h.hot != nil && !chosen && q.Class == dns.ClassIN && q.Type != dns.TypeANY && q.Type != dns.TypeRRSIG
	if common {
		if p := h.hot.find(zs, &ask); p != nil {
			h.send(w, &p.result)
			return
		}
	}
	a := answers.Get().(*answer)
	defer a.release()
	if chosen {
		a.choose = h.chooser(ctx, w, q)
	}
	r := a.find(zs, ask, h.hot)
	if common && a.exists {
		h.hot.keep(zs, &ask, &r)
	}
	if r.rcode == dns.RCodeRefused {
		w.EDE(dns.EDENotAuthoritative, "")
	}
	h.send(w, &r)
}

// send writes a result, or as much of it as has room.
func (h *Handler) send(w *dns.Responder, r *result) {
	w.SetRCode(r.rcode)
	w.SetAuthoritative(r.authoritative)
	written, ok := w.AddBody(r.octets, r.counts)
	truncated := r.cut
	if !ok {
		n, counts, short := r.fit(w.Left())
		written, _ = w.AddBody(r.octets[:n], counts)
		truncated = short
	}
	if truncated {
		w.SetTruncated(true)
	}
	r.move(written)
	if t := &r.turn; h.Rotate != RotateNone && t.n > 1 {
		if end := int(t.at) + int(t.n)*int(t.size); end <= len(written) {
			rotate(written[t.at:end], int(t.size), h.rotor.next(h.Rotate, int(t.n)))
		}
	}
}
