package zone

import "applayer/dns"

// The names of class CHAOS at which servers tell of themselves (RFC 4892 §2,
// §3), on the wire in lower case.
const (
	versionBind   = "\x07version\x04bind\x00"
	versionServer = "\x07version\x06server\x00"
	idServer      = "\x02id\x06server\x00"
	hostnameBind  = "\x08hostname\x04bind\x00"
)

// chaos tells of the server what its operator lets it tell.
func (h *Handler) chaos(w *dns.Responder, q *dns.Query) {
	var text string
	switch string(q.CanonicalName()) {
	case versionBind, versionServer:
		text = h.Version
	case idServer, hostnameBind:
		text = h.ServerID
	}
	if text == "" {
		w.SetRCode(dns.RCodeRefused)
		return
	}
	w.SetAuthoritative(true)
	if q.Type != dns.TypeTXT && q.Type != dns.TypeANY {
		return
	}
	var texts []string
	for ; len(text) > 255; text = text[255:] {
		texts = append(texts, text[:255])
	}
	err := w.Add(dns.SectionAnswer, dns.RR{Name: q.Name(), Class: dns.ClassCH, Data: &dns.TXT{Texts: append(texts, text)}})
	if err != nil {
		w.SetRCode(dns.RCodeServFail)
	}
}
