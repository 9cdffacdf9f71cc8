package mime

import (
	"io"
	"slices"
)

// BodyReader reads the body of a leaf: what a [Part] or an [Entity] has, without
// its transfer encoding, and as UTF-8 if it was asked for as text. Damage in the
// body does not end it, unless [Options.Strict] asks so; [BodyReader.Defects]
// tells of it.
type BodyReader struct {
	src    io.Reader
	layers []bodyLayer
	own    []Defect
	strict bool
}

// bodyLayer is a decoder that src reads from.
type bodyLayer interface{ Defects() []Defect }

// newBody returns a reader of a body. An encoding that is not known leaves it as
// it stands (RFC 2045 §6.4), and so does a multipart or message, which may have
// none.
func (e *Entity) newBody(raw io.Reader) *BodyReader {
	b := &BodyReader{src: raw, strict: e.tree.o.Strict}
	if e.kind == KindLeaf || e.encoded {
		b.push(e.encoding.decoder(raw))
	}
	return b
}

// newText returns a reader of a body as UTF-8. Text in a charset that is not
// known stays as it is.
func (e *Entity) newText(raw io.Reader) *BodyReader {
	b := e.newBody(raw)
	if e.kind != KindLeaf {
		return b
	}
	label := ""
	if e.contentTypeValue != nil {
		m := e.MediaType()
		label = m.Get("charset")
	}
	d, err := NewDecoder(label, e.tree.o)
	if err != nil {
		b.own = append(b.own, Defect{Code: DefectUnknownCharset, Field: "Content-Type", Ref: "RFC 2046 §4.1.2", Err: err})
		return b
	}
	b.push(NewTextReader(b.src, d))
	return b
}

// push puts a reader on top of those that there are.
func (b *BodyReader) push(r io.Reader) {
	b.src = r
	if layer, ok := r.(bodyLayer); ok {
		b.layers = append(b.layers, layer)
	}
}

// Read implements [io.Reader]. Its errors are those of the source, and the first
// defect if strict.
func (b *BodyReader) Read(p []byte) (int, error) {
	n, err := b.src.Read(p)
	if b.strict && (err == nil || err == io.EOF) {
		if d := b.Defects(); len(d) > 0 {
			return n, d[0].error()
		}
	}
	return n, err
}

// WriteTo implements [io.WriterTo].
func (b *BodyReader) WriteTo(w io.Writer) (int64, error) {
	if b.strict {
		return io.Copy(w, struct{ io.Reader }{b})
	}
	return io.Copy(w, b.src)
}

// Defects lists what was wrong in what was read so far. Offsets count from the
// front of the body: of its octets in the transfer encoding for what is wrong
// with that, of decoded octets for what is wrong with the charset.
func (b *BodyReader) Defects() []Defect {
	list := slices.Clone(b.own)
	for _, layer := range b.layers {
		list = append(list, layer.Defects()...)
	}
	return list
}
