package resolver

import (
	"encoding/binary"
	"math"
	"time"

	"applayer/dns"
)

// ready is a response prepared: the octets behind the question, which can be
// copied into any response to the same question since its name stands at octet
// 12 of all of them. What has to be changed in the copy is the TTLs.
//
// In the cache it is the RCODE, the three counts, the number of TTLs, where they
// stand, and the octets.
type ready struct {
	rcode  uint8
	counts dns.Counts
	ttls   []byte // offsets in body, two octets each
	body   []byte
	// life is the lowest of the TTLs.
	life uint32
}

const readyHead = 9

// makeReady prepares the response; nil where that cannot be done: a result of
// zero TTL serves once, and what has too many records is written one by one.
func makeReady(q dns.Question, r *Result, do bool) *ready {
	m := dns.Message{Question: []dns.Question{{Name: q.Name.Canonical(), Type: q.Type, Class: q.Class}}}
	life := uint32(math.MaxUint32)
	pick := func(rrs []dns.RR) (out []dns.RR) {
		for _, rr := range rrs {
			if do || !forDNSSEC(rr.Type(), q.Type) {
				life = min(life, rr.TTL)
				if rr.Name.Equal(q.Name) {
					rr.Name = m.Question[0].Name // so that it becomes a pointer to the question
				}
				out = append(out, rr)
			}
		}
		return out
	}
	m.Answer, m.Authority = pick(r.Answer), pick(r.Authority)
	if len(m.Answer)+len(m.Authority) == 0 || r.RCode > math.MaxUint8 || len(r.EDE) > 0 {
		return nil
	}
	msg, err := dns.AppendMessage(nil, &m)
	if err != nil {
		return nil
	}
	start := dns.HeaderSize + q.Name.Len() + 4
	d := &ready{rcode: uint8(r.RCode), body: msg[start:], life: life}
	d.counts.Answer, d.counts.Authority = uint16(len(m.Answer)), uint16(len(m.Authority))
	off := start
	for range len(m.Answer) + len(m.Authority) {
		_, next, err := dns.ParseNameAt(msg, off)
		if err != nil {
			return nil
		}
		d.ttls = binary.BigEndian.AppendUint16(d.ttls, uint16(next+4-start))
		off = next + 10 + int(binary.BigEndian.Uint16(msg[next+8:]))
	}
	return d
}

// write copies it into a response; false where it does not fit.
func (d *ready) write(w *dns.Responder) bool {
	if _, ok := w.AddBody(d.body, d.counts); !ok {
		return false
	}
	w.SetRCode(dns.RCode(d.rcode))
	return true
}

func readySpace(do bool) space {
	if do {
		return spaceReadyDO
	}
	return spaceReady
}

// keepReady keeps a prepared response until the first of its TTLs ends.
func (c *Cache) keepReady(now time.Time, name []byte, t dns.Type, class dns.Class, do bool, d *ready) {
	if d.life == 0 {
		return
	}
	b := make([]byte, 0, readyHead+len(d.ttls)+len(d.body))
	b = append(b, d.rcode)
	for _, n := range [...]uint16{d.counts.Answer, d.counts.Authority, d.counts.Additional, uint16(len(d.ttls) / 2)} {
		b = binary.BigEndian.AppendUint16(b, n)
	}
	b = append(append(b, d.ttls...), d.body...)
	var buf [maxKey]byte
	m := meta{space: readySpace(do)}
	c.putKey(now.Unix(), m, appendKey(buf[:0], m.space, t, class, name), int64(d.life), b)
}

// serveReady answers from a prepared response: a copy, and TTLs made less by
// its age. It is the fast way, and allocates nothing. It tells whether there was
// one and whether it has gone into the response.
func (c *Cache) serveReady(now time.Time, w *dns.Responder, q *dns.Query) (found, fits bool) {
	var key [maxKey]byte
	var buf [2048]byte
	k := appendKey(key[:0], readySpace(q.DNSSECOK()), q.Type, q.Class, q.CanonicalName())
	e, ok := c.getKey(buf[:0], now.Unix(), k, 0)
	if !ok || len(e.data) < readyHead {
		return false, false
	}
	at := func(i int) uint16 { return binary.BigEndian.Uint16(e.data[i:]) }
	counts := dns.Counts{Answer: at(1), Authority: at(3), Additional: at(5)}
	n := int(at(7))
	if len(e.data) < readyHead+2*n {
		return false, false
	}
	ttls, body := e.data[readyHead:readyHead+2*n], e.data[readyHead+2*n:]
	out, ok := w.AddBody(body, counts)
	if !ok {
		return true, false
	}
	w.SetRCode(dns.RCode(e.data[0]))
	for ; len(ttls) > 0; ttls = ttls[2:] {
		b := out[binary.BigEndian.Uint16(ttls):]
		binary.BigEndian.PutUint32(b, binary.BigEndian.Uint32(b)-uint32(e.age))
	}
	return true, true
}
