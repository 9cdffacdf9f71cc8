package mime

// options returns the options that the header was read with.
func (h *Header) options() *Options {
	if h.opts == nil {
		return (*Options)(nil).inForce()
	}
	return h.opts
}

// reportOn returns a report of defects in the value of a field, with offsets in
// the message.
func reportOn(f Field, o *Options) *report {
	r := newReport(o)
	r.base, r.field = max(f.offset, 0)+int64(f.valueStart), f.Name()
	return r
}

// Date returns the date of the message (RFC 5322 §3.6.1), or [ErrNoField].
func (h *Header) Date() (Date, error) { return h.DateOf("Date") }

// DateOf returns what the first field of a name, such as Resent-Date, has as its
// date, or [ErrNoField].
func (h *Header) DateOf(name string) (Date, error) {
	f, ok := h.Field(name)
	if !ok {
		return Date{}, ErrNoField
	}
	o := h.options()
	return parseDate(f.RawValue(), o, reportOn(f, o))
}

// SetDate sets the date of the message.
func (h *Header) SetDate(d Date) error {
	b, err := AppendDate(nil, d)
	if err != nil {
		return err
	}
	return h.Set("Date", string(b))
}
