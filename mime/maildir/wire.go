package maildir

import (
	"bytes"
	"errors"
	"io"
	"sort"
	"sync"
)

// Wire reads a message's file in the form that the message has on the wire, where
// lines end in CRLF: a CR is put before each LF that has none. Of a large file it
// remembers places, so that any can be read without all that is before it.
//
// Any number of goroutines may use ReadAt and Size; the others are for one at a time.
type Wire struct {
	f    io.ReaderAt
	size int64 // of the file
	at   place // of Read

	mu    sync.Mutex // guards below
	marks []place    // the first is the start, then one at least each markEvery octets of the file
	end   int64      // of the message on the wire, if known
	known bool
}

// place is a place in the message: before the octet at file of the file stand wire
// octets of the message. After is the octet before it, 0 at the start.
type place struct {
	file, wire int64
	after      byte
	cr         bool // the CR before a LF at file was read
}

const (
	wireBuffer = 32 << 10
	markEvery  = wireBuffer
)

var wireBuffers = sync.Pool{New: func() any { return new([wireBuffer]byte) }}

// NewWire returns a Wire of a file that has size octets. If the file is an
// [io.Closer], the Wire's Close closes it.
func NewWire(f io.ReaderAt, size int64) *Wire {
	return &Wire{f: f, size: size, marks: []place{{}}}
}

// OpenWire opens a message for reading in the form that it has on the wire, as
// [Dir.OpenMessage] opens it.
func (d *Dir) OpenWire(m Message) (*Wire, error) {
	f, err := d.OpenMessage(m)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return NewWire(f, info.Size()), nil
}

// Close closes the file, if it can be closed.
func (w *Wire) Close() error {
	if c, ok := w.f.(io.Closer); ok {
		return c.Close()
	}
	return nil
}

// Read implements [io.Reader].
func (w *Wire) Read(b []byte) (n int, err error) {
	if len(b) == 0 {
		return 0, nil
	}
	buf := wireBuffers.Get().(*[wireBuffer]byte)
	defer wireBuffers.Put(buf)
	return w.read(&w.at, b, buf)
}

// read fills b, as far as one buffer of the file goes, and moves p on.
func (w *Wire) read(p *place, b []byte, buf *[wireBuffer]byte) (n int, err error) {
	raw := buf[:min(int64(len(buf)), int64(len(b)), w.size-p.file)]
	if len(raw) == 0 {
		w.ends(p.wire)
		return 0, io.EOF
	}
	if _, err := readFull(w.f, raw, p.file); err != nil {
		return 0, err
	}
	took, n := p.convert(b, raw)
	p.file += int64(took)
	p.wire += int64(n)
	w.mark(*p)
	return n, nil
}

// readFull reads what the file was said to have: a file that has shrunk is
// io.ErrUnexpectedEOF.
func readFull(f io.ReaderAt, b []byte, off int64) (int, error) {
	n, err := f.ReadAt(b, off)
	if n == len(b) {
		return n, nil
	}
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// convert puts raw, which stands at p, into b, and tells how much it took and made.
func (p *place) convert(b, raw []byte) (took, made int) {
	for took < len(raw) && made < len(b) {
		if raw[took] == '\n' {
			if p.after != '\r' && !p.cr {
				b[made], p.cr = '\r', true
				if made++; made == len(b) {
					return took, made
				}
			}
			b[made], p.after, p.cr = '\n', '\n', false
			took++
			made++
			continue
		}
		text := raw[took:]
		if i := bytes.IndexByte(text, '\n'); i >= 0 {
			text = text[:i]
		}
		n := copy(b[made:], text)
		p.after = text[n-1]
		took += n
		made += n
	}
	return took, made
}

// ends tells that the message has that many octets.
func (w *Wire) ends(at int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.end, w.known = at, true
}

// mark remembers a place that is far enough from the last.
func (w *Wire) mark(p place) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !p.cr && p.file >= w.marks[len(w.marks)-1].file+markEvery {
		w.marks = append(w.marks, p)
	}
}

// before returns the last place that is known and not behind an octet of the
// message.
func (w *Wire) before(off int64) place {
	w.mu.Lock()
	defer w.mu.Unlock()
	i := sort.Search(len(w.marks), func(i int) bool { return w.marks[i].wire > off })
	return w.marks[i-1]
}

// seek returns the place of an octet of the message, or that of its end if it has
// fewer.
func (w *Wire) seek(off int64, buf *[wireBuffer]byte) (place, error) {
	p := w.before(off)
	for p.wire < off && p.file < w.size {
		raw := buf[:min(wireBuffer, w.size-p.file)]
		if _, err := readFull(w.f, raw, p.file); err != nil {
			return p, err
		}
		next := p
		next.pass(raw)
		if next.wire > off {
			p.passTo(raw, off)
			return p, nil
		}
		p = next
		w.mark(p)
	}
	if p.wire < off || p.file == w.size {
		w.ends(p.wire)
	}
	return p, nil
}

// pass moves p behind raw, which stands at it.
func (p *place) pass(raw []byte) {
	lf := bytes.Count(raw, []byte("\n")) - bytes.Count(raw, []byte("\r\n"))
	if raw[0] == '\n' && (p.after == '\r' || p.cr) {
		lf--
	}
	p.wire += int64(len(raw) + lf)
	p.file += int64(len(raw))
	p.after, p.cr = raw[len(raw)-1], false
}

// passTo moves p to the octet of the message at off, which is within raw.
func (p *place) passTo(raw []byte, off int64) {
	var scratch [512]byte
	for p.wire < off {
		took, made := p.convert(scratch[:min(int64(len(scratch)), off-p.wire)], raw)
		raw = raw[took:]
		p.file += int64(took)
		p.wire += int64(made)
	}
}

// ReadAt implements [io.ReaderAt]: off counts octets of the message on the wire.
func (w *Wire) ReadAt(b []byte, off int64) (n int, err error) {
	if off < 0 {
		return 0, errOffset
	}
	buf := wireBuffers.Get().(*[wireBuffer]byte)
	defer wireBuffers.Put(buf)
	p, err := w.seek(off, buf)
	if err == nil && p.wire < off {
		err = io.EOF
	}
	for err == nil && n < len(b) {
		var k int
		k, err = w.read(&p, b[n:], buf)
		n += k
	}
	return n, err
}

var (
	errOffset = errors.New("maildir: offset before the start")
	errWhence = errors.New("maildir: offset from nowhere")
)

// Size returns the size of the message on the wire. It reads the file if that is
// not known yet.
func (w *Wire) Size() (int64, error) {
	w.mu.Lock()
	end, known := w.end, w.known
	w.mu.Unlock()
	if known {
		return end, nil
	}
	buf := wireBuffers.Get().(*[wireBuffer]byte)
	defer wireBuffers.Put(buf)
	p, err := w.seek(1<<62, buf)
	return p.wire, err
}

// Seek implements [io.Seeker]. From the end it may have to read the file.
func (w *Wire) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekStart:
	case io.SeekCurrent:
		offset += w.at.wire
	case io.SeekEnd:
		size, err := w.Size()
		if err != nil {
			return 0, err
		}
		offset += size
	default:
		return 0, errWhence
	}
	if offset < 0 {
		return 0, errOffset
	}
	buf := wireBuffers.Get().(*[wireBuffer]byte)
	defer wireBuffers.Put(buf)
	p, err := w.seek(offset, buf)
	if err == nil {
		w.at = p
	}
	return p.wire, err
}

// WriteTo implements [io.WriterTo].
func (w *Wire) WriteTo(to io.Writer) (n int64, err error) {
	buf, out := wireBuffers.Get().(*[wireBuffer]byte), wireBuffers.Get().(*[wireBuffer]byte)
	defer wireBuffers.Put(buf)
	defer wireBuffers.Put(out)
	for {
		k, err := w.read(&w.at, out[:], buf)
		if err == io.EOF {
			return n, nil
		}
		if err != nil {
			return n, err
		}
		k, err = to.Write(out[:k])
		n += int64(k)
		if err != nil {
			return n, err
		}
	}
}
