package http1

// start sends the head, with what was held back behind it. Whole says that
// nothing more comes.
func (w *ResponseWriter) start(whole bool) error {
	if w.sent {
		return w.failed
	}
	switch s := w.status(); {
	case s < 200 || s > 999:
		return w.fail(refused(0, "status code: of no final response", "RFC 9110 §15"))
	case w.req.Method == MethodConnect && s < 300:
		return w.fail(refused(0, "status code: 2xx to CONNECT without Hijack", "RFC 9110 §9.3.6"))
	case len(w.body) > 0 && !w.hasContent():
		return w.fail(ErrNoBody) // written before the status was set
	}
	w.resp.Status = w.status()
	w.frame(whole)
	if err := w.sendHead(whole); err != nil {
		return err
	}
	if len(w.body) == 0 || w.isHead() {
		return nil
	}
	_, err := w.sc.c.Write(w.body)
	w.body = w.body[:0]
	return w.fail(err)
}

// sendHead gives the head to the connection.
func (w *ResponseWriter) sendHead(whole bool) error {
	w.sc.complete(&w.resp, w.req, whole)
	err := w.sc.c.StartResponse(&w.resp)
	w.sent = err == nil // what is refused is not sent: another response may be
	return w.fail(err)
}

// frame sets how the response ends, and removes the fields that its status must
// not have.
func (w *ResponseWriter) frame(whole bool) {
	w.resp.Header.Del("Transfer-Encoding")
	switch {
	case w.resp.Status == StatusNotModified:
		w.dropFraming()
		w.dropContentFields()
	case w.resp.Status == StatusResetContent:
		// A 205 says that it has no content (RFC 9110 §15.3.6).
		w.dropFraming()
	case !w.hasContent():
		w.dropFraming()
	case w.declared >= 0:
		w.resp.Length = w.declared
	case whole && w.resp.Trailer.Len() == 0:
		w.resp.Length = w.counted
	default:
		w.resp.Length = -1 // in chunks, or until the connection ends
	}
}

// dropFraming removes the fields that a response without a body must not have
// (RFC 9110 §8.6, RFC 9112 §6.1).
func (w *ResponseWriter) dropFraming() {
	w.resp.Header.Del("Content-Length")
	w.resp.Header.Del("Transfer-Encoding")
	w.resp.Length = 0
}

// dropContentFields leaves in a 304 what updates a cache's entry, and takes away
// what describes content that is not there (RFC 9110 §15.4.5).
func (w *ResponseWriter) dropContentFields() {
	for _, name := range [...]string{"Content-Type", "Content-Encoding", "Content-Language", "Content-Range", "Content-Disposition"} {
		w.resp.Header.Del(name)
	}
}
