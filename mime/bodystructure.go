package mime

import "strings"

// BodyStructure is what IMAP tells of an entity (RFC 9051 §7.5.2): its fields
// about the content, as they stand, and its sizes.
type BodyStructure struct {
	MediaType
	// ID and Description are Content-ID and Content-Description.
	ID, Description NString
	// Encoding is the Content-Transfer-Encoding in upper case, as "7BIT".
	Encoding string
	// Size counts the octets of the body in its transfer encoding, and Lines its
	// lines.
	Size, Lines int64

	// Parts are those of a multipart, at least one.
	Parts []BodyStructure
	// Envelope and Message are those of the message that a message/rfc822 or
	// message/global holds.
	Envelope *Envelope
	Message  *BodyStructure

	// MD5, Disposition, Language and Location are extension data: Disposition is
	// nil where the field is missing.
	MD5         NString
	Disposition *Disposition
	Language    []string
	Location    NString
}

// BodyStructure reads the headers of the entity and of those in it. The error is
// one of the source.
//
// Its form binds the type to the structure, so an entity whose header says
// multipart or message and whose body is not read as one, as it is damaged,
// encoded or beyond a limit, is an application/octet-stream here; and a multipart
// without a part has an empty text.
func (e *Entity) BodyStructure() (BodyStructure, error) {
	h, err := e.Header()
	if err != nil {
		return BodyStructure{}, err
	}
	b := e.bodyFields(&h)
	switch e.Kind() {
	case KindMultipart:
		for c := range e.Children() {
			part, err := c.BodyStructure()
			if err != nil {
				return BodyStructure{}, err
			}
			b.Parts = append(b.Parts, part)
		}
		if len(b.Parts) == 0 {
			b.Parts = []BodyStructure{{MediaType: MediaType{Type: "text", Subtype: "plain"}, Encoding: "7BIT"}}
		}
	case KindMessage:
		if !b.Is("message/rfc822") && !b.Is("message/global") {
			break // RFC 9051 §9, body-type-basic: message/news is a leaf to IMAP
		}
		for c := range e.Children() {
			message, err := c.BodyStructure()
			if err != nil {
				return BodyStructure{}, err
			}
			envelope, err := c.Envelope()
			if err != nil {
				return BodyStructure{}, err
			}
			b.Message, b.Envelope = &message, &envelope
		}
	default:
		if b.Is("multipart/*") || b.Is("message/rfc822") || b.Is("message/global") {
			b.Type, b.Subtype, b.Params = "application", "octet-stream", nil
		}
	}
	return b, nil
}

// bodyFields returns what the entity's own header and size say.
func (e *Entity) bodyFields(h *Header) BodyStructure {
	body := e.BodySpan()
	b := BodyStructure{
		MediaType:   e.MediaType(),
		ID:          h.nstring("Content-ID"),
		Description: h.nstring("Content-Description"),
		Encoding:    h.encodingName(),
		Size:        body.Size,
		Lines:       body.Lines,
		MD5:         h.nstring("Content-MD5"),
		Location:    h.nstring("Content-Location"),
	}
	o := h.options()
	if e.contentTypeValue != nil {
		b.MediaType = parseMediaTypeAs(string(e.contentTypeValue), o, nil, true)
	}
	if _, ok := b.Lookup("charset"); b.Type == "text" && !ok {
		b.Set("charset", "us-ascii") // RFC 2045 §5.2
	}
	if f, ok := h.Field("Content-Disposition"); ok {
		d := parseDispositionAs(f.RawValue(), o, nil, true)
		b.Disposition = &d
	}
	b.Language, _ = h.Languages()
	return b
}

// encodingName returns the Content-Transfer-Encoding in upper case, 7BIT where
// there is none (RFC 2045 §6.1).
func (h *Header) encodingName() string {
	f, _ := h.Field("Content-Transfer-Encoding")
	l := lexer{s: f.RawValue(), o: h.options()}
	l.skipCFWS()
	if name := l.token(); name != "" {
		return strings.ToUpper(name)
	}
	return "7BIT"
}
