package mime

import "io"

// layer is a source of tokens: the message, or the body of a part in it that is
// a multipart or message in a transfer encoding.
type layer struct {
	window  window
	scanner scanner

	chunk   []byte // octets of content that were found and not read
	pending token  // was found behind them; its kind is 0 for none

	outer  *layer
	part   *Part  // that is decoded
	report report // of an inner layer
}

// token returns the scanner's next token.
func (l *layer) token() (t token, octets []byte, err error) {
	if l.pending.kind != 0 {
		t, l.pending = l.pending, token{}
		return t, nil, nil
	}
	return l.window.next(&l.scanner)
}

// more returns the content that comes next, and io.EOF where it ends.
func (l *layer) more(note func(token)) ([]byte, error) {
	if len(l.chunk) > 0 {
		return l.chunk, nil
	}
	if l.pending.kind != 0 {
		return nil, io.EOF
	}
	t, octets, err := l.window.next(&l.scanner)
	if err != nil {
		return nil, unexpected(err)
	}
	if t.kind != tokenContent {
		l.pending = t
		return nil, io.EOF
	}
	note(t)
	return octets, nil
}

// Read reads content of the layer, for an inner one.
func (l *layer) Read(p []byte) (int, error) {
	chunk, err := l.more(func(token) {})
	if err != nil {
		return 0, err
	}
	n := copy(p, chunk)
	l.chunk = chunk[n:]
	return n, nil
}

// decode makes a layer of the body of an encoded part. What is in it counts
// towards the limits as if it were not encoded.
func (r *Reader) decode(p *Part) error {
	out := r.layer
	in := &layer{outer: out, part: p, report: *newReport(r.o)}
	in.window.src = p.e.encoding.decoder(out)
	s := &in.scanner
	s.o, s.rep = r.o, &in.report
	s.parts, s.depth = out.scanner.parts, out.scanner.depth+len(out.scanner.open)-1
	if p.e.inner == KindMultipart {
		c := scanContentType(p.e.contentTypeValue, r.o, nil)
		if err := s.set.Push(c.boundary); err != nil {
			return err
		}
		s.step, s.fresh = stepContent, true
	}
	s.open = append(s.open, scanFrame{kind: p.e.inner, digest: p.e.digest})
	r.layer = in
	return nil
}

// leave goes back to the layer that the current one is in.
func (r *Reader) leave() {
	in := r.layer
	r.layer, in.outer.chunk = in.outer, nil
	r.layer.scanner.parts = in.scanner.parts
	rep := r.layer.scanner.rep
	rep.base = in.part.e.body.off
	for _, d := range in.report.list {
		rep.field = d.Field
		rep.addErr(d.Code, 0, d.Ref, d.Err)
	}
	rep.field = ""
	rep.more += in.report.more
}
