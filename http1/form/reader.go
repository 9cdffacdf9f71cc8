package form

import (
	"cmp"
	"errors"
	"io"
	"iter"

	"applayer/internal/ascii"
	"applayer/internal/boundary"
)

// Reader yields the parts of a multipart/form-data body as they come. It holds
// a buffer of 16 KiB, whatever the parts are.
type Reader struct {
	src    *limitedReader
	outer  *boundary.Reader
	limits *Limits
	bounds bounds
	parts  int64

	nested *boundary.Reader // parts within the part, if it is a multipart/mixed
	base   int64            // where the nested body begins in the whole one
	within string           // the name of the part that nested is in

	err error
}

// NewReader returns a Reader of body, whose Content-Type the message gave. lim
// may be nil.
func NewReader(body io.Reader, contentType string, lim *Limits) (*Reader, error) {
	kind, delimiter, err := parseContentType(contentType)
	if err != nil && contentType != "" {
		return nil, err
	}
	if kind != "multipart/form-data" {
		return nil, notAForm()
	}
	if lim == nil {
		lim = &Limits{}
	}
	copied := *lim
	r := &Reader{limits: &copied, bounds: lim.bounds()}
	r.src = &limitedReader{r: body, max: r.bounds.body, left: r.bounds.body}
	r.outer, err = r.open(r.src, delimiter)
	return r, err
}

func notAForm() error {
	return &ParseError{What: "Content-Type of a form", Ref: "RFC 9110 §15.5.16", Reply: 415}
}

// open returns the reader of a multipart's parts.
func (r *Reader) open(src io.Reader, delimiter string) (*boundary.Reader, error) {
	parts, err := boundary.NewReader(src, delimiter, &boundary.Options{MaxHeader: r.limits.MaxPartHeader})
	if err != nil {
		return nil, &ParseError{What: "parameter boundary", Ref: "RFC 2046 §5.1.1", Reply: 400, Err: err}
	}
	return parts, nil
}

// Next passes over what is left of the part before and returns the next one.
// The error is io.EOF behind the last delimiter; what follows that is ignored
// and not read (RFC 2046 §5.1.1). After an error it repeats the error.
func (r *Reader) Next() (*Part, error) {
	for r.err == nil {
		part, err := r.next()
		if part != nil {
			return part, nil
		}
		r.err = err
	}
	return nil, r.err
}

// next returns a part, an error, or neither where a nested multipart begins or
// ends.
func (r *Reader) next() (*Part, error) {
	from, base := r.outer, int64(0)
	if r.nested != nil {
		from, base = r.nested, r.base
	}
	raw, err := from.Next()
	switch {
	case err == io.EOF && r.nested != nil:
		r.nested = nil
		return nil, nil
	case err == io.EOF:
		return nil, err
	case err != nil:
		return nil, r.explain(err, base)
	case r.parts == r.bounds.parts:
		return nil, tooMuch("MaxParts", r.bounds.parts)
	}
	r.parts++
	h, err := parsePartHeader(raw.Header, r.nested != nil)
	if err != nil {
		return nil, rebase(err, base+raw.Offset)
	}
	if int64(max(len(h.name), len(h.fileName))) > r.bounds.name {
		return nil, tooMuch("MaxName", r.bounds.name)
	}
	if r.nested != nil {
		h.name = r.within
	}
	part := &Part{
		Name: h.name, FileName: h.fileName, IsFile: h.isFile, ContentType: h.contentType, Offset: base + raw.Offset,
		r: r, raw: raw, base: base,
	}
	if r.nested == nil {
		if mixed, err := r.nest(part); mixed {
			return nil, err
		}
	}
	return part, nil
}

// nest opens a part that holds several files of one field (RFC 7578 §4.3).
func (r *Reader) nest(part *Part) (mixed bool, err error) {
	const mixedType = "multipart/mixed"
	if len(part.ContentType) < len(mixedType) || !ascii.EqualFold(part.ContentType[:len(mixedType)], mixedType) {
		return false, nil
	}
	kind, delimiter, err := parseContentType(part.ContentType)
	if err == nil && kind != mixedType {
		return false, nil
	}
	if err == nil {
		r.nested, err = r.open(part, delimiter)
	}
	r.base, r.within = part.Offset+int64(len(part.raw.Header))+int64(len("\r\n")), part.Name
	if e, ok := errors.AsType[*ParseError](err); ok {
		e.Offset = part.Offset
	}
	return true, err
}

// Parts yields the parts up to the last delimiter, or to an error. Each is
// valid until the next. After a break, Parts or Next go on.
func (r *Reader) Parts() iter.Seq2[*Part, error] {
	return func(yield func(*Part, error) bool) {
		for {
			part, err := r.Next()
			if err == io.EOF || !yield(part, err) || err != nil {
				return
			}
		}
	}
}

// explain turns the errors of a multipart's delimiters into ours. The offsets
// in them count from base.
func (r *Reader) explain(err error, base int64) error {
	const ref = "RFC 2046 §5.1.1"
	if err == io.ErrUnexpectedEOF {
		// In a part it is the multipart's place: how far the body was read
		// ahead of the part's end says nothing.
		at := base
		if at == 0 {
			at = r.src.max - r.src.left
		}
		return &ParseError{Offset: at, What: "last delimiter", Ref: ref, Reply: 400, Err: err}
	}
	e, ok := errors.AsType[*boundary.Error](err)
	switch {
	case !ok:
		return err
	case e.Err == boundary.ErrHeaderTooLong:
		return tooMuch("MaxPartHeader", int64(cmp.Or(r.limits.MaxPartHeader, boundary.DefaultMaxHeader)))
	}
	return &ParseError{Offset: base + e.Offset, What: "part", Ref: ref, Reply: 400, Err: e.Err}
}

// rebase moves the offset of an error that counts from base.
func rebase(err error, base int64) error {
	if e, ok := errors.AsType[*ParseError](err); ok {
		e.Offset += base
	}
	return err
}

// limitedReader gives an error in place of the octet behind the last one
// allowed.
type limitedReader struct {
	r         io.Reader
	max, left int64
}

func (l *limitedReader) Read(b []byte) (int, error) {
	if l.left == 0 && len(b) > 0 {
		n, err := l.r.Read(b[:1])
		if n > 0 {
			err = tooMuch("MaxBody", l.max)
		}
		return 0, err
	}
	n, err := l.r.Read(b[:min(int64(len(b)), l.left)])
	l.left -= int64(n)
	return n, err
}
