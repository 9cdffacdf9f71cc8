package mime

import (
	"bytes"
	"io"
	"strings"
)

// Downgrade writes a message so that it fits the way that opts tells: bodies that
// do not are encoded, and labelled anew, and all else stays as it is but for line
// ends, which become CRLF. So does a client of SMTP with a message in 8bit for a
// server without 8BITMIME (RFC 6152 §3). The message is read twice and never
// held.
//
// A header with octets beyond ASCII is the error [ErrEightBit], unless
// opts.UTF8: such a message cannot go on without SMTPUTF8 (RFC 6531 §3.6). One
// with a word too long for a line is [ErrLongWord]. A signature over what had to be encoded is lost, as RFC 1847 §2.1 warns.
func Downgrade(w io.Writer, e *Entity, opts *WriteOptions) error {
	d := &downgrader{w: &sink{w: w}, opts: opts.inForce()}
	at := e.header.off
	for depth, entity := range e.Walk() {
		if err := d.between(e, at, entity.header.off); err != nil {
			return err
		}
		if err := d.entity(entity, depth); err != nil {
			return err
		}
		if at = entity.body.off; entity.kind == KindLeaf {
			at = entity.end.off
		}
	}
	if err := d.between(e, at, e.end.off); err != nil {
		return err
	}
	return d.w.endLine()
}

type downgrader struct {
	w    *sink
	opts WriteOptions
	// fit has, for each depth, whether no boundary around can be the outcome of
	// quoted-printable.
	fit []bool
}

// between writes what stands between entities: delimiters, preamble, epilogue.
func (d *downgrader) between(e *Entity, from, to int64) error {
	if from >= to {
		return nil
	}
	g := &gapWriter{w: d.w, signable: d.opts.Signable}
	if _, err := io.Copy(g, io.NewSectionReader(e.tree.source, from, to-from)); err != nil {
		return err
	}
	return g.Close()
}

// entity writes a header and, of a leaf, the body.
func (d *downgrader) entity(e *Entity, depth int) error {
	h, err := e.Header()
	if err != nil {
		return err
	}
	d.fit = append(d.fit[:depth], depth == 0 || d.fit[depth-1])
	if e.kind == KindMultipart {
		media, _, _ := ParseMediaType(h.Get("Content-Type"), nil)
		d.fit[depth] = d.fit[depth] && !isQP(media.Get("boundary"))
	}
	body, err := d.plan(e, &h, depth)
	if err != nil {
		return err
	}
	if err := repairHeader(&h); err != nil {
		return err
	}
	block, err := writtenHeader(&h, d.opts)
	if err != nil {
		return err
	}
	if len(block) == 0 && e.header == e.end {
		return nil // a delimiter at the end of a message that was cut there
	}
	if _, err := d.w.Write(append(block, crlf...)); err != nil || e.kind != KindLeaf {
		return err
	}
	out, end := (&Writer{opts: d.opts}).bodyEncoder(d.w, body.encoding, body.text)
	if _, err := io.Copy(out, body.r); err != nil {
		return err
	}
	return end()
}

// repairHeader makes a header one that may be written: what no header may hold
// becomes "?" (RFC 5322 §2.2), and lines of more than 998 octets are folded
// (RFC 5322 §2.1.1).
func repairHeader(h *Header) error {
	for i, f := range h.fields {
		lines := strings.ReplaceAll(strings.ReplaceAll(trimLineEnd(f.raw), "\r\n", "\n"), "\x00", "?")
		repaired := strings.ReplaceAll(lines, "\r", "?")
		if tooLong([]byte(repaired)) < 0 {
			if repaired != lines || strings.Contains(f.raw, "\x00") {
				h.fields[i].raw = repaired + "\n"
			}
			continue
		}
		if f.Name() == "" {
			continue
		}
		g, err := NewField(f.Name(), unfold(repaired[f.valueStart:]))
		if err != nil {
			return err
		}
		h.fields[i] = g
	}
	return nil
}

// downgraded is how a body is written.
type downgraded struct {
	r        io.Reader
	encoding TransferEncoding
	text     bool
}

// plan finds how the body is written and sets the header so.
func (d *downgrader) plan(e *Entity, h *Header, depth int) (downgraded, error) {
	label, _ := encodingToWrite(h)
	if e.kind != KindLeaf {
		if label > Encoding7Bit {
			return downgraded{}, h.Set("Content-Transfer-Encoding", d.most().String())
		}
		return downgraded{}, nil
	}
	var facts bodyFacts
	if err := facts.lookAll(e.Raw()); err != nil {
		return downgraded{}, err
	}
	if as := facts.asIs(false, d.opts); as != EncodingAuto {
		body := downgraded{r: e.Raw(), encoding: as}
		if e.encoding.isIdentity() && label != as && label != EncodingAuto {
			return body, h.Set("Content-Transfer-Encoding", as.String())
		}
		return body, nil
	}
	body := downgraded{r: e.Body(), encoding: EncodingBase64}
	if e.encoding != EncodingBase64 && e.encoding != EncodingQuotedPrintable {
		// Uuencoded files have text around them, and of what is in an encoding
		// that nobody knows, the octets are all there is: both go as text.
		body.text = label != EncodingBinary
		if body.text {
			body.r = &wireReader{src: e.Raw()}
			facts.loneLF = false // they are CRLF now
		}
		if d.fit[depth] {
			body.encoding = facts.encoded(body.text, true)
		}
	}
	if (e.parent == nil || e.parent.kind == KindMessage) && !h.Has("MIME-Version") {
		if err := h.Set("MIME-Version", "1.0"); err != nil {
			return body, err
		}
	}
	return body, h.Set("Content-Transfer-Encoding", body.encoding.String())
}

// most is what the way carries without encoding.
func (d *downgrader) most() TransferEncoding {
	if d.opts.EightBit {
		return Encoding8Bit
	}
	return Encoding7Bit
}

// isQP tells whether quoted-printable text can hold a line "--" and the
// boundary, behind a soft line break, though the text that was encoded did not:
// a "=" in it would have to be one of quoted-printable (RFC 2045 §6.7).
func isQP(boundary string) bool {
	for i := range len(boundary) {
		if boundary[i] != '=' || i == len(boundary)-1 {
			continue
		}
		if c := boundary[i+1]; strings.IndexByte("0123456789ABCDEF", c) < 0 {
			return false
		}
	}
	return true
}

// lookAll takes a whole body.
func (f *bodyFacts) lookAll(r io.Reader) error {
	buf := make([]byte, 32<<10)
	for {
		n, err := r.Read(buf)
		f.look(buf[:n])
		if err == io.EOF {
			f.end()
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// gapWriter writes what is text of nobody, so that it fits any way: what is no
// ASCII becomes "?", and lines are cut at 998 octets, since there is no encoding
// for it.
type gapWriter struct {
	w        *sink
	signable bool
	line     []byte
	long     bool // the line goes on, and is passed over
}

func (g *gapWriter) Write(p []byte) (int, error) {
	for rest := p; len(rest) > 0; {
		n := bytes.IndexByte(rest, '\n')
		piece := rest
		if n >= 0 {
			piece = rest[:n]
		}
		room := longestLine + 1 - len(g.line) // with the CR
		g.line = append(g.line, piece[:min(len(piece), room)]...)
		g.long = g.long || len(piece) > room
		if n < 0 {
			break
		}
		if err := g.endLine(crlf); err != nil {
			return 0, err
		}
		rest = rest[n+1:]
	}
	return len(p), nil
}

// endLine writes the line.
func (g *gapWriter) endLine(end []byte) error {
	line := g.line[:min(len(g.line), longestLine)]
	if !g.long {
		line = bytes.TrimSuffix(g.line, []byte("\r"))
	}
	if g.signable {
		line = bytes.TrimRight(line, " \t")
		if bytes.HasPrefix(line, []byte(fromLine)) {
			line[0] = '?'
		}
	}
	for i, c := range line {
		if c >= 0x80 || c == 0 || c == '\r' {
			line[i] = '?'
		}
	}
	_, err := g.w.Write(append(line, end...))
	g.line, g.long = g.line[:0], false
	return err
}

// Close writes a last line that has no end.
func (g *gapWriter) Close() error {
	if len(g.line) == 0 {
		return nil
	}
	return g.endLine(nil)
}
