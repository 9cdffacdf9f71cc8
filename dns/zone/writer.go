package zone

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"applayer/dns"
)

// WriterOptions say how a master file is written. Nil is the zero value.
type WriterOptions struct {
	// Origin is written as $ORIGIN; owners at or below it are written relative
	// to it, and not at all where they are that of the record before. Without
	// one each line stands for itself.
	Origin dns.Name
	// Class is the class of all records, IN by default.
	Class dns.Class
	// Columns lets lines be those of "named-compilezone -s full", whose output
	// the records of [Check] or [Sort] give. It is not for use with Origin.
	Columns bool
}

// Writer writes records as a master file, so that a [Reader] reads the same. It
// may not be used by several goroutines at once.
type Writer struct {
	opts    WriterOptions
	w       *bufio.Writer
	line    []byte
	suffix  []byte   // scratch
	owner   dns.Name // of the record before
	begun   bool
	columns *dns.TextStyle // nil without Columns
	err     error
}

// NewWriter returns a Writer to w; [Writer.Flush] writes the last of it.
func NewWriter(w io.Writer, opts *WriterOptions) *Writer {
	if opts == nil {
		opts = &WriterOptions{}
	}
	z := &Writer{opts: *opts, w: bufio.NewWriterSize(w, defaultBufferSize)}
	if z.opts.Class == 0 {
		z.opts.Class = dns.ClassIN
	}
	if opts.Columns {
		style := dns.CompilezoneStyle()
		z.columns = &style
	}
	return z
}

// What a Writer refuses, since a Reader would.
var (
	errClass = errors.New("class is not that of the zone")
	errType  = errors.New("type is no data of a zone")
	errTTL   = errors.New("TTL longer than 2147483647")
)

// Write writes a record. One that no master file can hold is refused and leaves
// the Writer as it was: of another class, of a type that is asked for alone,
// without a name or data, or with a TTL above [dns.MaxTTL]. An error of writing
// is returned by all later calls.
func (z *Writer) Write(rr dns.RR) error {
	if z.err != nil {
		return z.err
	}
	line, err := z.appendLine(z.line[:0], rr)
	z.line = line[:0]
	if err != nil {
		return fmt.Errorf("zone: %s %s: %w", rr.Name, rr.Type(), err)
	}
	z.owner, z.begun = rr.Name, true
	_, z.err = z.w.Write(line)
	return z.err
}

// Flush writes what is held.
func (z *Writer) Flush() error {
	if z.err == nil {
		z.err = z.w.Flush()
	}
	return z.err
}

func (z *Writer) appendLine(b []byte, rr dns.RR) (_ []byte, err error) {
	switch {
	case rr.Class != z.opts.Class:
		return b, errClass
	case rr.Type() == 0 || rr.Type().IsMeta():
		return b, errType
	case rr.TTL > dns.MaxTTL:
		return b, errTTL
	}
	if z.opts.Origin.IsValid() && !z.begun {
		b = append(b, "$ORIGIN "...)
		if b, err = z.opts.Origin.AppendText(b); err != nil {
			return b, err
		}
		b = append(b, '\n')
	}
	if z.columns != nil {
		if b, err = z.columns.AppendRR(b, rr); err != nil {
			return b, err
		}
		return append(b, '\n'), nil
	}
	if b, err = z.appendOwner(b, rr.Name); err != nil {
		return b, err
	}
	b = strconv.AppendUint(append(b, '\t'), uint64(rr.TTL), 10)
	b = append(append(b, '\t'), rr.Class.String()...)
	b = append(append(b, '\t'), rr.Type().String()...)
	if b, err = dns.AppendRDataText(append(b, '\t'), rr.Data); err != nil {
		return b, err
	}
	return append(b, '\n'), nil
}

// appendOwner appends an owner: relative to the origin where it has the origin's
// octets at its end, their case too.
func (z *Writer) appendOwner(b []byte, n dns.Name) ([]byte, error) {
	origin := z.opts.Origin
	switch {
	case !n.IsSubdomainOf(origin) || !strings.HasSuffix(n.Wire(), origin.Wire()):
		return n.AppendText(b)
	case z.begun && n == z.owner:
		return b, nil
	case n == origin:
		return append(b, '@'), nil
	}
	b, err := n.AppendText(b)
	if origin.IsRoot() {
		return b[:len(b)-1], err
	}
	suffix, _ := origin.AppendText(z.suffix[:0])
	z.suffix = suffix
	return b[:len(b)-1-len(suffix)], err
}
