package dns

const (
	clientCookieSize = 8
	minServerCookie  = 8
	maxServerCookie  = 32
)

// Cookie is what the option of that name says (RFC 7873 §4): the client's
// cookie, and the server's where the client knows it.
type Cookie struct {
	// Client is chosen by the client, one for each server.
	Client [clientCookieSize]byte
	// Server is what the server sent with that client cookie: 8 to 32 octets,
	// or none.
	Server []byte
}

// validCookieSize tells whether the option may have so many octets
// (RFC 7873 §5.2.2).
func validCookieSize(n int) bool {
	return n == clientCookieSize || n >= clientCookieSize+minServerCookie && n <= clientCookieSize+maxServerCookie
}

// ParseCookie reads the data of a COOKIE option; Server points into it. The
// error is a [*ParseError] for a length that is none (RFC 7873 §5.2.2).
func ParseCookie(b []byte) (c Cookie, err error) {
	if !validCookieSize(len(b)) {
		return c, optionError(0, "length of a cookie", "RFC 7873 §5.2.2", ErrRDLength)
	}
	c.Client = [clientCookieSize]byte(b)
	if len(b) > clientCookieSize {
		c.Server = b[clientCookieSize:]
	}
	return c, nil
}

// AppendCookie appends the data of a COOKIE option. The error is [ErrRDLength]
// for a server's cookie of a length that is none.
func AppendCookie(dst []byte, c Cookie) ([]byte, error) {
	if !validCookieSize(clientCookieSize + len(c.Server)) {
		return dst, ErrRDLength
	}
	return append(append(dst, c.Client[:]...), c.Server...), nil
}

// Cookie returns the COOKIE option; false where there is none, or one of a
// length that is none, which [EDNS.Check] tells.
func (e *EDNS) Cookie() (c Cookie, ok bool) {
	b, ok := e.Option(OptionCookie)
	if !ok {
		return c, false
	}
	c, err := ParseCookie(b)
	return c, err == nil
}

// SetCookie sets the COOKIE option. The error is that of [AppendCookie].
func (e *EDNS) SetCookie(c Cookie) error {
	b, err := AppendCookie(nil, c)
	if err != nil {
		return err
	}
	e.SetOption(OptionCookie, b)
	return nil
}
