package http1

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"applayer/internal/boundary"
)

// Content is a representation that [ServeContent] sends.
type Content struct {
	// Body holds the octets. They are read from its start, wherever it stands.
	Body io.ReadSeeker
	// Size counts them; 0 means that Body is asked, by a Seek to its end.
	Size int64
	// Type is the media type, sent as Content-Type; empty leaves that field to
	// the handler.
	Type string
	// Validators are sent, and what preconditions are checked against. Exists
	// is taken as true. The fields ETag and Last-Modified that a handler has
	// set stand in for those that are left empty.
	Validators
	// MaxRanges is how many parts a response has at most (default 16); a
	// negative value, that ranges are not served.
	MaxRanges int
}

// ContentWriter is what [ServeContent] needs of a response; a [*ResponseWriter]
// is one.
type ContentWriter interface {
	// Header returns the fields to be sent.
	Header() *Header
	// WriteHeader sends them with the status code.
	WriteHeader(status int)
	io.Writer
	io.ReaderFrom
}

// ServeContent answers a request with c, as its preconditions and its Range
// ask: 200 with all of it, 206 with parts (RFC 9110 §14), several of them as
// multipart/byteranges, 304, 412 or 416. The fields that the handler has set
// before stay, but for those that describe the content where none is sent
// (RFC 9110 §15.4.5).
//
// The error is Body's or the connection's. When it comes the head has been
// sent; what is wrong before gets 500. Content-Length tells the peer that octets
// are missing.
func ServeContent(ctx context.Context, w ContentWriter, r *Request, c Content) error {
	if c.Size <= 0 {
		size, err := c.Body.Seek(0, io.SeekEnd)
		if err != nil {
			endWithout(w, StatusInternalServerError)
			return fmt.Errorf("http1: content: %w", err)
		}
		c.Size = size
	}
	now := time.Now()
	c.describe(w.Header(), now)
	precondition := CheckPreconditions(r.Method, &r.Header, c.Validators, now)
	switch precondition {
	case PreconditionNotModified:
		endWithout(w, StatusNotModified)
		return nil
	case PreconditionFailed:
		endWithout(w, StatusPreconditionFailed)
		return nil
	}
	parts, status := []ByteRange(nil), StatusOK
	if precondition != PreconditionWhole {
		parts, status = c.ranges(r)
	}
	return c.send(ctx, w, r.Method, parts, status)
}

// describe sets the fields about the representation, and takes the validators
// that the handler has set there.
func (c *Content) describe(h *Header, now time.Time) {
	c.Exists = true
	if c.ETag != "" {
		h.Set("ETag", string(c.ETag))
	} else if tag, err := ParseEntityTag(h.Get("ETag")); err == nil {
		c.ETag = tag
	}
	if c.LastModified.IsZero() {
		c.LastModified, _ = oneDate(h, "Last-Modified", now)
	} else {
		// "An origin server with a clock MUST NOT generate a Last-Modified date
		// that is later than the server's time of message origination"
		// (RFC 9110 §8.8.2.1).
		if c.LastModified.After(now) {
			c.LastModified = now
		}
		if !h.Has("Last-Modified") {
			h.Add("Last-Modified", string(AppendDate(make([]byte, 0, 29), c.LastModified)))
		}
	}
	if c.Type != "" {
		h.Set("Content-Type", c.Type)
	}
	if c.MaxRanges >= 0 {
		h.Set("Accept-Ranges", "bytes")
	} else {
		h.Set("Accept-Ranges", "none") // RFC 9110 §14.3
	}
}

// ranges returns the parts that the request asks for. A Range that is
// malformed, of another unit, given twice, or with another method than GET, is
// as none (RFC 9110 §14.2).
func (c *Content) ranges(r *Request) ([]ByteRange, int) {
	if c.MaxRanges < 0 || r.Method != MethodGet {
		return nil, StatusOK
	}
	value, ok := one(&r.Header, "Range")
	if !ok {
		return nil, StatusOK
	}
	specs, err := ParseRange(value)
	if err != nil {
		return nil, StatusOK
	}
	return SelectRanges(specs, c.Size, c.MaxRanges)
}

// send writes the response. A 206 has all the fields of the 200, with If-Range
// too: RFC 9110 §15.3.7 would leave most of them out then, but no other server
// does, and players look at Content-Type.
func (c *Content) send(ctx context.Context, w ContentWriter, method string, parts []ByteRange, status int) error {
	h := w.Header()
	switch {
	case status == StatusRangeNotSatisfiable:
		h.Set("Content-Range", ContentRange{-1, -1, c.Size}.String())
		endWithout(w, status)
		return nil
	case status == StatusOK:
		setLength(h, c.Size)
		parts = []ByteRange{{0, c.Size - 1}}
	case len(parts) == 1:
		h.Set("Content-Range", c.contentRange(parts[0]).String())
		setLength(h, parts[0].Len())
	default:
		return c.sendParts(ctx, w, parts)
	}
	w.WriteHeader(status)
	if method == MethodHead || parts[0].Len() == 0 {
		return nil
	}
	return c.copy(ctx, w, parts[0])
}

func setLength(h *Header, n int64) { h.Set("Content-Length", strconv.FormatInt(n, 10)) }

func (c *Content) contentRange(p ByteRange) ContentRange {
	return ContentRange{p.First, p.Last, c.Size}
}

// sendParts writes several ranges as multipart/byteranges (RFC 9110 §14.6).
// The boundary needs no quotes, which "some existing implementations handle
// incorrectly".
func (c *Content) sendParts(ctx context.Context, w ContentWriter, parts []ByteRange) error {
	h := w.Header()
	contentType := h.Get("Content-Type")
	b := boundary.Random()
	var heads []byte // of all parts, then the last delimiter
	ends := make([]int, len(parts))
	total := int64(0)
	for i, p := range parts {
		heads = boundary.AppendPart(heads, b, i == 0, c.partFields(contentType, p))
		ends[i] = len(heads)
		total += p.Len()
	}
	heads = boundary.AppendClose(heads, b, false)
	h.Set("Content-Type", "multipart/byteranges; boundary="+b)
	setLength(h, total+int64(len(heads)))
	w.WriteHeader(StatusPartialContent)
	from := 0
	for i, p := range parts {
		if _, err := w.Write(heads[from:ends[i]]); err != nil {
			return err
		}
		from = ends[i]
		if err := c.copy(ctx, w, p); err != nil {
			return err
		}
	}
	_, err := w.Write(heads[from:])
	return err
}

// partFields returns the field lines of a part (RFC 9110 §15.3.7.2).
func (c *Content) partFields(contentType string, p ByteRange) []byte {
	b := make([]byte, 0, 128)
	if contentType != "" && IsFieldValue(contentType) {
		b = append(b, "Content-Type: "...)
		b = append(b, contentType...)
		b = append(b, "\r\n"...)
	}
	b = append(b, "Content-Range: "...)
	b = c.contentRange(p).append(b)
	return append(b, "\r\n"...)
}

// copy writes a range of the body. A file is handed on such that the kernel can
// send it; octets in memory are, whole, in one Write.
func (c *Content) copy(ctx context.Context, w ContentWriter, p ByteRange) error {
	if err := ctx.Err(); err != nil {
		return context.Cause(ctx)
	}
	if _, err := c.Body.Seek(p.First, io.SeekStart); err != nil {
		return fmt.Errorf("http1: content: %w", err)
	}
	switch body := c.Body.(type) {
	case *bytes.Reader:
		if int64(body.Len()) == p.Len() {
			_, err := body.WriteTo(w)
			return err
		}
	case *strings.Reader:
		if int64(body.Len()) == p.Len() {
			_, err := body.WriteTo(w)
			return err
		}
	}
	n, err := w.ReadFrom(&io.LimitedReader{R: c.Body, N: p.Len()})
	if err == nil && n < p.Len() {
		return errShrunk
	}
	return err
}

// errShrunk is a body with fewer octets than it was said to have: a file that
// was cut while it was sent.
var errShrunk = fmt.Errorf("http1: content: shorter than its size: %w", io.ErrUnexpectedEOF)

// endWithout ends a response that sends nothing of the representation, and so
// none of the fields that describe its octets (RFC 9110 §15.4.5).
func endWithout(w ContentWriter, status int) {
	h := w.Header()
	for _, name := range []string{"Content-Type", "Content-Encoding", "Content-Language", "Content-Length", "Accept-Ranges"} {
		h.Del(name)
	}
	if status != StatusNotModified {
		setLength(h, 0)
	}
	w.WriteHeader(status)
}
