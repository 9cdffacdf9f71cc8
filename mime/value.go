package mime

import "errors"

// parseFunc reads the value of a field as it stands in the message. The options
// are in force.
type parseFunc[X any] func(s string, o *Options, r *report) X

// parseValue is the exported form of a parseFunc.
func parseValue[X any](s string, opts *Options, parse parseFunc[X]) (X, []Defect, error) {
	o := opts.inForce()
	r := newReport(o)
	x := parse(s, o, r)
	if r.failed() {
		var none X
		return none, r.list, r.err
	}
	return x, r.list, nil
}

// fieldValue reads a field of a header.
func fieldValue[X any](h *Header, f Field, parse parseFunc[X]) (X, error) {
	return readValue(&valueReader{h: h, o: h.options()}, f, parse)
}

func readValue[X any](v *valueReader, f Field, parse parseFunc[X]) (X, error) {
	r := reportOn(f, v.o)
	x := parse(v.text(f, r), v.o, r)
	if r.failed() {
		var none X
		return none, r.err
	}
	return x, nil
}

// firstValue reads the first field of a name. The error is [ErrNoField] where
// there is none.
func firstValue[X any](h *Header, name string, parse parseFunc[X]) (X, error) {
	f, ok := h.Field(name)
	if !ok {
		var none X
		return none, ErrNoField
	}
	return fieldValue(h, f, parse)
}

// allValues reads all fields of a name.
func allValues[X any](h *Header, name string, parse parseFunc[X]) (list []X, err error) {
	v := valueReader{h: h, o: h.options()}
	for f := range h.All(name) {
		x, err := readValue(&v, f, parse)
		if err != nil {
			return nil, err
		}
		list = append(list, x)
	}
	return list, nil
}

// textAppender is a value that can be written.
type textAppender interface {
	AppendText(dst []byte) ([]byte, error)
}

// setValue sets the first field of a name to a value.
func setValue(h *Header, name string, v textAppender) error {
	b, err := v.AppendText(nil)
	if err != nil {
		return inField(err, name)
	}
	return h.Set(name, string(b))
}

// inField returns the error with the name of the field that it is about.
func inField(err error, name string) error {
	if e, ok := errors.AsType[*ParseError](err); ok && e.Field == "" {
		named := *e
		named.Field = name
		return &named
	}
	return err
}
