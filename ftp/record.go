package ftp

import (
	"bytes"
	"io"
	"net"
)

// The control codes of a record-structured stream: a mark and a second octet of
// two bits, which may be set together; or the mark again, for itself
// (RFC 959 §3.4.1).
const (
	recordMark = 0xff
	endRecord  = 1
	endFile    = 2
)

// RecordReader reads what a data connection has under STRU R and gives text as
// it is kept here: the end of a record becomes LF (RFC 959 §3.1.2). Where the
// connection ends before the file does, the error is io.ErrUnexpectedEOF.
type RecordReader struct{ in unpacker }

// NewRecordReader returns a RecordReader of r.
func NewRecordReader(r io.Reader) *RecordReader {
	return &RecordReader{unpacker{r: r, coding: &recordCoding{}}}
}

// Read reads text. It may return 0 and nil where the reader below did. After an
// error it repeats the error.
func (r *RecordReader) Read(p []byte) (int, error) { return r.in.Read(p) }

type recordCoding struct {
	at    int64 // octets before q
	ended bool
}

func (c *recordCoding) decode(q []byte) (written, used int, err error) {
	defer func() { c.at += int64(used) }()
	for used < len(q) {
		if c.ended {
			return written, used, c.fail(used, "octets behind the end of the file", ErrSyntax)
		}
		plain := bytes.IndexByte(q[used:], recordMark)
		if plain < 0 {
			plain = len(q) - used
		}
		written += copy(q[written:], q[used:used+plain])
		used += plain
		if used+1 >= len(q) {
			break // what follows the mark decides
		}
		switch code := q[used+1]; code {
		case recordMark:
			q[written] = recordMark
			written++
		case endRecord, endFile, endRecord | endFile:
			if code&endRecord != 0 {
				q[written] = '\n'
				written++
			}
			c.ended = code&endFile != 0
		default:
			return written, used, c.fail(used, "control code", ErrValue)
		}
		used += 2
	}
	return written, used, nil
}

// fail tells what is wrong at q[n].
func (c *recordCoding) fail(n int, what string, err error) error {
	return &ParseError{Offset: c.at + int64(n), What: what, Ref: "RFC 959 §3.4.1", Reply: 451, Err: err}
}

func (c *recordCoding) end() error {
	if !c.ended {
		return io.ErrUnexpectedEOF
	}
	return nil
}

// RecordWriter takes text as it is kept here and writes it as records, one a
// line (RFC 959 §3.1.2). Close writes the mark that ends the file; without it the
// peer knows that something is missing.
type RecordWriter struct {
	out    packer
	closed bool
}

// NewRecordWriter returns a RecordWriter to w.
func NewRecordWriter(w io.Writer) *RecordWriter {
	return &RecordWriter{out: packer{w: w, encode: appendRecords}}
}

// Write writes text. n counts octets of p, in steps of 32 KiB.
func (w *RecordWriter) Write(p []byte) (n int, err error) {
	if w.closed {
		return 0, net.ErrClosed
	}
	return w.out.Write(p)
}

// Close ends the file. It does not close the writer below.
func (w *RecordWriter) Close() error {
	if w.closed {
		return nil
	}
	w.closed = true
	_, err := w.out.w.Write([]byte{recordMark, endFile})
	return err
}

// appendRecords appends text with the ends of its lines as ends of records.
func appendRecords(dst, text []byte) []byte {
	for len(text) > 0 {
		line, _, ended := bytes.Cut(text, []byte{'\n'})
		text = text[len(line):]
		for {
			i := bytes.IndexByte(line, recordMark)
			if i < 0 {
				break
			}
			dst = append(append(dst, line[:i]...), recordMark, recordMark)
			line = line[i+1:]
		}
		dst = append(dst, line...)
		if ended {
			dst, text = append(dst, recordMark, endRecord), text[1:]
		}
	}
	return dst
}
