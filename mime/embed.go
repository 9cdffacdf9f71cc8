package mime

import "io"

// Embed adds a message that was read, as a message/rfc822 (RFC 2046 §5.2.1). It
// goes as it is if the way carries it, else as [Downgrade] has it. A header in it
// that cannot be downgraded makes it a message/global, which may be encoded as a
// whole (RFC 6532 §3.7). A part of message/rfc822 stands for the message in it.
func (m *Message) Embed(e *Entity) *Attachment {
	if e.kind == KindMessage && e.first != nil {
		e = e.first
	}
	a := &Attachment{
		entity:      e,
		media:       MediaType{Type: "message", Subtype: "rfc822"},
		disposition: Disposition{Type: "attachment"},
	}
	m.attached = append(m.attached, a)
	return a
}

// embedded writes a message within a message.
func (p *messageWriter) embedded(e *Entity, h *Header, create func(*Header) (*Writer, error)) error {
	var facts bodyFacts
	if err := facts.lookAll(e.Source()); err != nil {
		return err
	}
	as := facts.asIs(false, p.opts)
	if as != Encoding7Bit {
		global, err := e.isGlobal()
		if err != nil {
			return err
		}
		if global {
			return p.global(e, as, h, create)
		}
	}
	if as != EncodingAuto {
		return p.copy(e.Source(), as, h, create)
	}
	as = Encoding7Bit
	if p.opts.EightBit {
		as = Encoding8Bit
	}
	w, err := begin(h, as, create)
	if err != nil {
		return err
	}
	if err := Downgrade(w, e, &p.opts); err != nil {
		return err
	}
	return w.Close()
}

// global writes a message that has UTF-8 in its header.
func (p *messageWriter) global(e *Entity, as TransferEncoding, h *Header, create func(*Header) (*Writer, error)) error {
	if err := h.Set("Content-Type", "message/global"); err != nil {
		return err
	}
	if as == EncodingAuto || !p.opts.UTF8 {
		as = EncodingBase64
	}
	return p.copy(&wireReader{src: e.Source()}, as, h, create)
}

// copy writes octets with an encoding that fits them.
func (p *messageWriter) copy(r io.Reader, as TransferEncoding, h *Header, create func(*Header) (*Writer, error)) error {
	w, err := begin(h, as, create)
	if err != nil {
		return err
	}
	if _, err := io.Copy(w, r); err != nil {
		return err
	}
	return w.Close()
}

// isGlobal tells whether a header in the message has what RFC 5322 does not
// allow and nothing but RFC 6532 does, or does not fit into lines.
func (e *Entity) isGlobal() (bool, error) {
	for _, entity := range e.Walk() {
		h, err := entity.Header()
		if err != nil {
			return false, err
		}
		if err := repairHeader(&h); err != nil {
			return true, nil
		}
		if _, err := writtenHeader(&h, WriteOptions{}); err != nil {
			return true, nil
		}
	}
	return false, nil
}
