package smtp

import (
	"errors"
	"io"
	"math"

	"applayer/internal/dot"
	"applayer/internal/line"
)

// Policy says what becomes of a message with a CR or LF that stands alone. By
// RFC 5321 §2.3.8 there is none, and what takes it for a line end lets a sender
// hide a second message in the first from what does not (SMTP smuggling,
// CVE-2023-51764). With any policy nothing but CRLF "." CRLF ends a message.
type Policy uint8

// The policies.
const (
	// PolicyReject refuses the message at its end.
	PolicyReject Policy = iota
	// PolicyRejectAndClose refuses it at once, and reads no further.
	PolicyRejectAndClose
	// PolicyNormalize makes a CRLF of it, and one of several CRs in a row. Old
	// mail programs need it.
	PolicyNormalize
)

// String returns the policy's name, as in "normalize".
func (p Policy) String() string {
	switch p {
	case PolicyReject:
		return "reject"
	case PolicyRejectAndClose:
		return "reject and close"
	case PolicyNormalize:
		return "normalize"
	}
	return "unknown"
}

// ErrGivenUp is what a [Conn] returns once [PolicyRejectAndClose] has refused a
// message: where its end is, and commands begin, was not looked for.
var ErrGivenUp = errors.New("smtp: connection given up within a message")

func (p Policy) line() line.Policy {
	if p == PolicyNormalize {
		return line.Accept
	}
	return line.Refuse
}

// DataReader reads the message behind DATA from its connection's buffer, up to
// the end mark and no further, without the dots that were put before its dots
// (RFC 5321 §4.5.2). Lines keep their CRLF.
//
// The error is io.EOF at the end. A message that breaks a rule or a limit is read
// to its end, within [Limits].MaxDiscard, so that the dialogue can go on, and
// then is a [*ParseError] of [ErrBareNewline] or a [*LimitError] of MaxTextLine
// or MaxMessageBytes, with the reply that it gets. Where the end mark does not
// come the Conn's next read tells why.
type DataReader struct {
	c      *Conn
	text   dot.Reader
	policy Policy
	left   int64 // octets that may come
	err    error
}

// DataReader returns a reader of the message that comes now: the server has
// answered DATA with 354 and flushed. There is one for a Conn, so that the last
// one's use ends here.
func (c *Conn) DataReader(policy Policy) *DataReader {
	d := &c.text
	d.c, d.policy, d.left, d.err = c, policy, c.lim.MaxMessageBytes, c.rerr
	d.text.Reset((*dataBuffer)(c), textFormat(policy, &c.lim))
	return d
}

// Read reads the message, as much as has come.
func (d *DataReader) Read(p []byte) (n int, err error) {
	if len(p) == 0 {
		return 0, nil
	}
	if _, err := d.next(); err != nil {
		return 0, err
	}
	n, err = d.text.Read(p[:min(int64(len(p)), d.left)])
	d.left -= int64(n)
	return n, err
}

// WriteTo writes the message to w, large parts as they came. It is what io.Copy
// calls.
func (d *DataReader) WriteTo(w io.Writer) (n int64, err error) {
	var small []byte
	defer func() { putBuffer(small) }()
	for {
		b, err := d.next()
		if err == io.EOF {
			return n, nil
		}
		if err != nil {
			return n, err
		}
		direct := len(b) >= dot.SmallRun
		if !direct {
			if small == nil {
				small = getBuffer()
			}
			b = small
			m, err := d.Read(b)
			if err != nil {
				return n, err
			}
			b = b[:m]
		}
		m, err := w.Write(b)
		n += int64(m)
		if direct {
			d.take(m)
		}
		if err != nil {
			return n, err
		}
	}
}

// Drain reads and drops what is left of the message. It returns nil where all of
// it kept the rules.
func (d *DataReader) Drain() error {
	_, err := d.WriteTo(io.Discard)
	return err
}

// next returns what can be read without a copy, one octet at least.
func (d *DataReader) next() ([]byte, error) {
	if d.err != nil {
		return nil, d.err
	}
	b, err := d.text.Next()
	switch {
	case err != nil:
		d.err = d.explain(err)
	case d.left == 0:
		d.err = d.refuse(tooLarge(d.c.lim.MaxMessageBytes))
	default:
		return b[:min(int64(len(b)), d.left)], nil
	}
	d.c.get = getBuffer
	return nil, d.err
}

func (d *DataReader) take(n int) {
	d.text.Take(n)
	d.left -= int64(n)
}

// explain makes this package's error of one of the text's.
func (d *DataReader) explain(err error) error {
	if bad := brokenText(err, d.text.Offset(), &d.c.lim); bad != nil {
		return d.refuse(bad)
	}
	return err
}

// brokenText is the error of text that broke a rule or a limit, nil for any other
// error.
func brokenText(err error, at int64, lim *Limits) error {
	switch err {
	case line.ErrBareCR, line.ErrBareLF:
		return bareNewline(at)
	case line.ErrTooLong:
		return &LimitError{Name: "MaxTextLine", Max: int64(lim.MaxTextLine), Reply: 554, Enhanced: EnhancedCode{5, 6, 0}}
	}
	return nil
}

// textFormat is what a message's lines are held to.
func textFormat(policy Policy, lim *Limits) dot.Format {
	f := dot.Format{Bare: policy.line(), MaxLine: lim.MaxTextLine}
	if f.MaxLine == math.MaxInt {
		f.MaxLine = 0
	}
	return f
}

func tooLarge(limit int64) error {
	return &LimitError{Name: "MaxMessageBytes", Max: limit, Reply: 552, Enhanced: EnhancedCode{5, 3, 4}}
}

func bareNewline(at int64) error {
	return &ParseError{
		Offset: at, What: "message", Ref: "RFC 5321 §2.3.8",
		Reply: 554, Enhanced: EnhancedCode{5, 6, 0}, Err: ErrBareNewline,
	}
}

// nulInside is the error of NUL, which no message of lines holds.
func nulInside(at int64) error {
	return &ParseError{
		Offset: at, What: "message", Ref: "RFC 2045 §2.8",
		Reply: 554, Enhanced: EnhancedCode{5, 6, 0}, Err: ErrControlOctet,
	}
}

// refuse reads a message to its end that is refused for why.
func (d *DataReader) refuse(why error) error {
	if d.policy == PolicyRejectAndClose {
		if _, limit := why.(*LimitError); !limit {
			d.c.rerr = ErrGivenUp
			return why
		}
	}
	most := min(d.left, math.MaxInt64-d.c.lim.MaxDiscard)
	if err := d.text.Discard(most + d.c.lim.MaxDiscard); err != nil && d.c.rerr == nil {
		if err == dot.ErrDiscard {
			err = &LimitError{Name: "MaxDiscard", Max: d.c.lim.MaxDiscard, Reply: 421, Enhanced: EnhancedCode{4, 7, 0}}
		}
		d.c.rerr = err
	}
	return why
}
