package http1

import "applayer/internal/ascii"

// start sends the head, with what was held back behind it. Whole says that
// nothing more comes.
func (w *ResponseWriter) start(whole bool) error {
	if w.sent {
		return w.failed
	}
	if s := w.status(); s < 200 || s > 999 {
		return w.fail(refused(0, "status code: of no final response", "RFC 9110 §15"))
	}
	w.resp.Status = w.status()
	w.frame(whole)
	w.sent = true
	if err := w.out.StartResponse(&w.resp); err != nil {
		return w.fail(err)
	}
	if len(w.body) == 0 || w.isHead() {
		return nil
	}
	_, err := w.out.Write(w.body)
	w.body = w.body[:0]
	return w.fail(err)
}

// frame sets the fields that tell where the response ends, and removes those
// that its status must not have.
func (w *ResponseWriter) frame(whole bool) {
	h := &w.resp.Header
	h.Del("Transfer-Encoding")
	switch {
	case w.status() == StatusNotModified:
		w.frameNotModified()
	case w.status() == StatusResetContent:
		// RFC 9110 §15.3.6: a 205 says that it has no content.
		h.Del("Content-Length")
		w.resp.Length = 0
	case !w.hasContent():
		w.dropFraming()
	case w.declared >= 0:
		w.resp.Length = w.declared
	case whole && w.trailer.Len() == 0:
		w.resp.Length = w.counted
	case w.req.Version == HTTP10:
		w.resp.Length = -1 // until close: HTTP/1.0 knows no chunks
	default:
		w.resp.Length = -1
		w.announceTrailer()
	}
}

// dropFraming removes the fields that a response without a body must not have
// (RFC 9110 §8.6, RFC 9112 §6.1).
func (w *ResponseWriter) dropFraming() {
	w.resp.Header.Del("Content-Length")
	w.resp.Header.Del("Transfer-Encoding")
	w.resp.Length = 0
}

// frameNotModified leaves in a 304 what updates a cache's entry, and takes away
// what describes content that is not there (RFC 9110 §15.4.5).
func (w *ResponseWriter) frameNotModified() {
	h := &w.resp.Header
	w.dropFraming()
	for _, name := range [...]string{"Content-Type", "Content-Encoding", "Content-Language", "Content-Range", "Content-Disposition"} {
		h.Del(name)
	}
}

// announceTrailer names the fields that follow the content (RFC 9110 §6.6.2).
func (w *ResponseWriter) announceTrailer() {
	if w.trailer.Len() == 0 || w.resp.Header.Has("Trailer") {
		return
	}
	var names []byte
	for i := range w.trailer.fields {
		name := w.trailer.fields[i].Name
		if at := w.trailer.index(name, 0); at < i || ascii.EqualFold(name, "Trailer") {
			continue
		}
		if len(names) > 0 {
			names = append(names, ", "...)
		}
		names = append(names, name...)
	}
	w.resp.Header.Add("Trailer", string(names))
}
