// Package dot puts text between a command and a line of a single dot, as SMTP
// and POP3 do: a line that begins with a dot gets a second one, and CRLF "."
// CRLF ends it all (RFC 5321 §4.5.2, RFC 1939 §3). Nothing else ends it: a CR or
// LF that stands alone is no line end, or a peer could hide a second message
// from who takes it for one (CVE-2023-51764).
package dot

import (
	"bytes"
	"errors"
	"io"

	"applayer/internal/line"
)

// ErrIncomplete is what [Decoder.Next] returns where more octets must come.
var ErrIncomplete = errors.New("text incomplete")

// Format says what becomes of what is not as it should be.
type Format struct {
	// Bare is for a CR or LF that stands alone. Refuse makes it
	// [line.ErrBareCR] or [line.ErrBareLF]; Accept makes a CRLF of it, and one
	// of several CRs in a row; Keep leaves it as an octet like others. Whatever
	// it is, a dot behind it is an octet like others.
	Bare line.Policy
	// MaxLine is the longest line in octets, its end included and without the
	// dot that was put before it; 0 and less is no limit. A longer one is
	// [line.ErrTooLong].
	MaxLine int
	// Plain leaves dots as they are, and knows no end: for text whose length is
	// told (RFC 3030 §2).
	Plain bool
}

// Decoder takes text out of octets that come in pieces. The zero value is at
// the start of a text, and refuses bare line ends.
type Decoder struct {
	Format

	within bool // a line, behind the dot that may begin it
	length int  // of the line so far
}

// crlf is what a bare line end becomes.
var crlf = []byte("\r\n")

// Next returns text from the front of b, in which the first n octets are used
// then. It is as long as can be without a copy, may be empty, and points into b
// or to a CRLF. ErrIncomplete means that b is to grow first; the octets that
// were not used come again. After the line that ends the text, which is used
// too, the error is io.EOF. Any other error means that what is wrong stands at
// b[n]; with another Format the Decoder goes on from there. How b grew makes no
// difference to the octets given before an error.
func (d *Decoder) Next(b []byte) (text []byte, n int, err error) {
	if !d.within && !d.Plain {
		if dotted, err := d.begin(b); dotted > 0 || err != nil {
			return nil, dotted, err
		}
	}
	n, err = d.run(b)
	switch {
	case n > 0:
		return b[:n], n, nil
	case err == line.ErrBareLF && d.Bare == line.Accept:
		d.length = 0
		return crlf, 1, nil
	case err == line.ErrBareCR && d.Bare == line.Accept:
		if b[1] == '\r' {
			return nil, 1, nil
		}
		d.length = 0
		return crlf, 1, nil
	}
	return nil, 0, err
}

// begin looks at the first octets of a line: for the end of the text, and for a
// dot to take away.
func (d *Decoder) begin(b []byte) (n int, err error) {
	switch {
	case len(b) == 0:
		return 0, ErrIncomplete
	case b[0] != '.':
		d.within = true
		return 0, nil
	case len(b) == 1, len(b) == 2 && b[1] == '\r':
		return 0, ErrIncomplete
	case b[1] == '\r' && b[2] == '\n':
		return 3, io.EOF
	}
	d.within = true
	return 1, nil
}

// run measures the text at the front of b up to a line that begins with a dot,
// to something wrong, or to where b must grow; the error is for n of 0.
func (d *Decoder) run(b []byte) (n int, err error) {
	for n < len(b) {
		if !d.within {
			if b[n] == '.' && !d.Plain {
				return n, nil
			}
			d.within = true
		}
		used, ended, err := d.line(b[n:])
		n += used
		d.length += used
		if err != nil {
			return n, err
		}
		if ended {
			d.within, d.length = false, 0
		}
	}
	if n == 0 {
		return 0, ErrIncomplete
	}
	return n, nil
}

// line measures what b has of the line at its front, without a CR of which it
// is not known whether an LF follows. A CRLF is never taken apart.
func (d *Decoder) line(b []byte) (n int, ended bool, err error) {
	n, ended, err = d.find(b)
	if d.MaxLine <= 0 || d.length+n <= d.MaxLine {
		return n, ended, err
	}
	n = max(d.MaxLine-d.length, 0)
	if n > 0 && b[n-1] == '\r' && b[n] == '\n' {
		n--
	}
	return n, false, line.ErrTooLong
}

// window is how far is looked at a time for the end of a line: where each octet
// is a CR alone, all that is behind would be looked through for each.
const window = 512

// clip returns the window at the front of b, in which no CR is parted from its
// LF.
func clip(b []byte) []byte {
	if len(b) <= window {
		return b
	}
	if b[window-1] == '\r' {
		return b[:window+1]
	}
	return b[:window]
}

// find is line without regard to its length, and for what is in the window.
func (d *Decoder) find(b []byte) (n int, ended bool, err error) {
	b = clip(b)
	text := b
	lf := bytes.IndexByte(b, '\n')
	if lf >= 0 {
		text = b[:lf]
	}
	ended = lf > 0 && b[lf-1] == '\r'
	if ended {
		text = b[:lf-1]
	}
	if d.Bare != line.Keep {
		if cr := bytes.IndexByte(text, '\r'); cr >= 0 {
			if cr == len(b)-1 {
				return cr, false, ErrIncomplete
			}
			return cr, false, line.ErrBareCR
		}
		if lf >= 0 && !ended {
			return lf, false, line.ErrBareLF
		}
	}
	switch {
	case lf >= 0:
		return lf + 1, ended, nil
	case len(b) > 0 && b[len(b)-1] == '\r':
		return len(b) - 1, false, ErrIncomplete
	}
	return len(b), false, nil
}
