package http1

import (
	"bufio"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"io"
	"math"

	"applayer/internal/ascii"
)

const (
	defaultMaxDecompressed = 1 << 30
	defaultMaxRatio        = 100
	// freeDecompressed is what a body may grow to at any ratio: a page of
	// blanks is no bomb.
	freeDecompressed = 1 << 20
)

// acceptEncoding is what a client that decompresses asks for.
const acceptEncoding = "gzip, deflate"

// decompressor is a response's body without its content coding
// (RFC 9110 §8.4.1).
type decompressor struct {
	body     io.ReadCloser
	deflate  bool
	in       counter
	out      io.Reader
	buffered *bufio.Reader
	done     int64
	size     int64
	ratio    int64
	err      error
}

// counter counts what is read through it.
type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	c.n += int64(n)
	return n, err
}

// decompress takes the content coding off a response, if it is one of gzip and
// deflate, once. The fields that tell of the coded octets go.
func decompress(resp *Response, lim *ClientLimits) {
	coding, codings := "", 0
	for m := range resp.Header.List("Content-Encoding") {
		coding = m
		codings++
	}
	zipped := ascii.EqualFold(coding, "gzip") || ascii.EqualFold(coding, "x-gzip")
	if codings != 1 || !zipped && !ascii.EqualFold(coding, "deflate") || resp.Length == 0 {
		return
	}
	d := &decompressor{body: resp.Body, deflate: !zipped, in: counter{r: resp.Body}}
	d.size, d.ratio = lim.maxDecompressed(), lim.maxRatio()
	resp.Body, resp.Length = d, -1
	resp.Header.Del("Content-Encoding")
	resp.Header.Del("Content-Length")
}

// Read reads decompressed octets. An end in the middle is
// io.ErrUnexpectedEOF; what grows beyond the limits, a [*LimitError].
func (d *decompressor) Read(b []byte) (int, error) {
	if d.err != nil {
		return 0, d.err
	}
	if d.out == nil {
		if d.err = d.open(); d.err != nil {
			return 0, d.err
		}
	}
	n, err := d.out.Read(b)
	d.done += int64(n)
	switch {
	case d.done > d.size:
		d.err = &LimitError{Name: "MaxDecompressed", Max: d.size}
	case d.done > freeDecompressed && d.done/d.ratio > d.in.n:
		d.err = &LimitError{Name: "MaxRatio", Max: d.ratio}
	case err == io.EOF:
		d.err = d.end()
	case err != nil:
		d.err = d.wrong(err)
	}
	if _, ok := errors.AsType[*LimitError](d.err); ok {
		return 0, d.err
	}
	return n, d.err
}

// open starts the decoder. The coding deflate is zlib's format
// (RFC 9110 §8.4.1.2); servers that send the bare one are many, and told apart by the
// first two octets.
func (d *decompressor) open() (err error) {
	d.buffered = bufio.NewReader(&d.in)
	start, err := d.buffered.Peek(2)
	if len(start) == 0 && err == io.EOF {
		return io.EOF // an empty body, of a 204 or of a careless server
	}
	switch {
	case !d.deflate:
		d.out, err = gzip.NewReader(d.buffered)
	case len(start) == 2 && start[0]&15 == 8 && (int(start[0])<<8|int(start[1]))%31 == 0:
		d.out, err = zlib.NewReader(d.buffered)
	default:
		d.out, err = flate.NewReader(d.buffered), nil
	}
	if err != nil {
		return d.wrong(err)
	}
	return nil
}

// end checks that nothing follows the coded octets; reading on also tells the
// connection that the body is over.
func (d *decompressor) end() error {
	switch _, err := d.buffered.ReadByte(); err {
	case nil:
		return d.wrong(errors.New("octets behind the end"))
	default:
		return err
	}
}

// wrong makes the error of octets that are not in the coding. What the
// connection says goes first.
func (d *decompressor) wrong(err error) error {
	_, parse := errors.AsType[*ParseError](err)
	if parse || !isCodingError(err) {
		return err
	}
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return &ParseError{Offset: d.in.n, Field: "Content-Encoding", What: "content coding", Ref: "RFC 9110 §8.4.1",
		Class: ErrMalformed, Err: err}
}

// isCodingError tells the decoders' errors from the connection's.
func isCodingError(err error) bool {
	_, corrupt := errors.AsType[flate.CorruptInputError](err)
	return corrupt || errors.Is(err, gzip.ErrHeader) || errors.Is(err, gzip.ErrChecksum) || errors.Is(err, zlib.ErrHeader) ||
		errors.Is(err, zlib.ErrChecksum) || errors.Is(err, zlib.ErrDictionary) || err == io.EOF || err == io.ErrUnexpectedEOF ||
		err.Error() == "octets behind the end"
}

// Close closes the body.
func (d *decompressor) Close() error {
	if d.err == nil {
		d.err = errBodyClosed
	}
	return d.body.Close()
}

func (l *ClientLimits) maxDecompressed() int64 {
	return limit64(l.MaxDecompressed, defaultMaxDecompressed)
}
func (l *ClientLimits) maxRatio() int64 { return limit64(l.MaxRatio, defaultMaxRatio) }

// limit64 is limit for numbers of octets.
func limit64(v, byDefault int64) int64 {
	switch {
	case v == 0:
		return byDefault
	case v < 0:
		return math.MaxInt64
	}
	return v
}
