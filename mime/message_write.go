package mime

import (
	"io"
	"strings"
)

// messageWriter writes the nodes of a message.
type messageWriter struct{ opts WriteOptions }

// entity writes a node with the fields that h has by way of create, which
// begins an entity of a header.
func (p *messageWriter) entity(n *node, h *Header, create func(*Header) (*Writer, error)) error {
	if err := n.describe(h); err != nil {
		return err
	}
	switch {
	case n.parts != nil:
		return p.multipart(n, h, create)
	case n.file != nil && n.file.entity != nil:
		return p.embedded(n.file.entity, h, create)
	case n.file != nil:
		media, _ := h.ContentType() // its own header may say another than was given
		return p.leaf(n.file.content, n.file.Encoding, media, false, h, create)
	}
	return p.leaf(strings.NewReader(*n.text), EncodingAuto, n.media, true, h, create)
}

// describe sets the fields that tell what the entity is.
func (n *node) describe(h *Header) error {
	if n.file != nil {
		for f := range n.file.Header.Fields() {
			h.InsertField(h.Len(), f)
		}
	}
	if !h.Has("Content-Type") {
		text, err := n.media.AppendText(nil)
		if err == nil {
			err = h.Add("Content-Type", string(text))
		}
		if err != nil {
			return err
		}
	}
	if n.file == nil {
		return nil
	}
	if n.file.id != "" && !h.Has("Content-ID") {
		if err := h.Add("Content-ID", "<"+n.file.id+">"); err != nil {
			return err
		}
	}
	if n.file.disposition.Type == "" || h.Has("Content-Disposition") {
		return nil
	}
	text, err := n.file.disposition.AppendText(nil)
	if err != nil {
		return err
	}
	return h.Add("Content-Disposition", string(text))
}

// multipart writes a multipart and what is in it. Its encoding is the most that a
// part may have (RFC 2045 §6.4), as it is written before they are looked at.
func (p *messageWriter) multipart(n *node, h *Header, create func(*Header) (*Writer, error)) error {
	w, err := begin(h, n.most(p.opts), create)
	if err != nil {
		return err
	}
	for _, part := range n.parts {
		if err := p.entity(part, &Header{}, w.CreatePart); err != nil {
			return err
		}
	}
	return w.Close()
}

// most returns the one of 7bit, 8bit and binary that covers what is written.
func (n *node) most(o WriteOptions) TransferEncoding {
	e := Encoding7Bit
	for _, part := range n.parts {
		e = max(e, part.most(o))
	}
	switch {
	case n.file != nil && n.file.entity == nil && n.file.Encoding == EncodingBinary:
		return EncodingBinary
	case o.EightBit && (n.file != nil || n.text != nil && n.media.Get("charset") != "us-ascii"):
		return max(e, Encoding8Bit)
	}
	return e
}

// leaf writes content. What is canonical has CRLF at the end of each line.
func (p *messageWriter) leaf(content io.Reader, e TransferEncoding, media MediaType, canonical bool, h *Header, create func(*Header) (*Writer, error)) error {
	body, err := lookAt(content)
	if err != nil {
		return err
	}
	if e == EncodingAuto {
		e = body.encoding(media.Type == "text", canonical, p.opts)
	}
	if media.Type == "message" && !e.isIdentity() {
		return &ParseError{Field: "Content-Type", What: "message that has to be encoded", Ref: "RFC 2046 §5.2", Err: ErrNotLines}
	}
	w, err := begin(h, e, create)
	if err != nil {
		return err
	}
	if err := body.writeTo(w); err != nil {
		return err
	}
	return w.Close()
}

// begin creates the entity with its encoding.
func begin(h *Header, e TransferEncoding, create func(*Header) (*Writer, error)) (*Writer, error) {
	if err := h.Set("Content-Transfer-Encoding", e.String()); err != nil {
		return nil, err
	}
	return create(h)
}
