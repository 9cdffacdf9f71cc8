package dns

import "slices"

// Option returns the data of the first option with that code, which is the one
// that counts where there are several (RFC 7873 §5.2). A nil EDNS has none.
func (e *EDNS) Option(code OptionCode) (data []byte, ok bool) {
	if e == nil {
		return nil, false
	}
	for _, o := range e.Options {
		if o.Code == code {
			return o.Data, true
		}
	}
	return nil, false
}

// SetOption sets the data of the only option with that code. The EDNS keeps
// data.
func (e *EDNS) SetOption(code OptionCode, data []byte) {
	i := slices.IndexFunc(e.Options, func(o Option) bool { return o.Code == code })
	if i < 0 {
		e.Options = append(e.Options, Option{code, data})
		return
	}
	e.Options[i].Data = data
	e.Options = e.Options[:i+1+e.remove(code, i+1)]
}

// RemoveOption removes all options with that code.
func (e *EDNS) RemoveOption(code OptionCode) { e.Options = e.Options[:e.remove(code, 0)] }

// remove moves the options from the given one on together, but for those with
// that code, and returns how many are left of them.
func (e *EDNS) remove(code OptionCode, from int) (left int) {
	rest := e.Options[from:]
	for _, o := range rest {
		if o.Code != code {
			rest[left] = o
			left++
		}
	}
	clear(rest[left:])
	return left
}

// Check tells whether the options that have a form of their own here are in
// it: nil, or a [*ParseError] for the first that is not. A server answers
// FORMERR then, as the error's Reply says. Options that are not known are no
// fault (RFC 6891 §6.1.2). Query tells whether they stand in a query, of which
// less is allowed.
func (e *EDNS) Check(query bool) error {
	if e == nil {
		return nil
	}
	for _, o := range e.Options {
		if err := o.check(query); err != nil {
			return err
		}
	}
	return nil
}

func (o Option) check(query bool) (err error) {
	switch o.Code {
	case OptionCookie:
		_, err = ParseCookie(o.Data)
	case OptionSubnet:
		var s Subnet
		if s, err = ParseSubnet(o.Data); err == nil && query && s.Scope != 0 {
			err = optionError(3, "scope of a client subnet in a query", "RFC 7871 §6", ErrValue)
		}
	case OptionKeepalive:
		if len(o.Data) != 0 && (query || len(o.Data) != 2) {
			err = optionError(0, "keepalive", "RFC 7828 §3.1", ErrRDLength)
		}
	case OptionEDE:
		_, err = ParseExtendedError(o.Data)
	}
	return err
}

// optionError counts its offset from the start of the option's data.
func optionError(at int, what, ref string, err error) *ParseError {
	return &ParseError{Offset: int64(at), Section: SectionAdditional, What: what, Ref: ref, Reply: int(RCodeFormErr), Err: err}
}
