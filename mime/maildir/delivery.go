package maildir

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// DeliveryOptions says how a message is delivered. The zero value, as nil, puts it
// into new.
type DeliveryOptions struct {
	// Flags are the flags that it has from the start, which puts it into cur.
	Flags Flags
	// Cur puts it into cur without flags too.
	Cur bool
	// Received is when it was received, which becomes the time of the file and the
	// one that its name tells. The zero value is the present.
	Received time.Time
	// LF makes the lines of the file end in LF, as other programs write them, where
	// those of what is written end in CRLF; [Wire] gives them back. A CR that stands
	// before a CRLF keeps both as they are, so that nothing else is changed.
	LF bool
}

// Delivery is a message on its way into a Maildir. It is written to, then either
// committed or aborted.
type Delivery struct {
	d     *Dir
	opts  DeliveryOptions
	state deliveryState
	f     *os.File
	tmp   string // the file's path
	base  string // of its name, without the sizes
	m     Message

	buf        *[bufferSize]byte // what was not written yet
	n          int               // octets of it
	last       byte              // before buf
	size, wire int64
	wrote      byte // last
	err        error
}

type deliveryState uint8

const (
	writing  deliveryState = iota
	finished               // the content is on the disk
	ended
)

const bufferSize = 64 << 10

var buffers = sync.Pool{New: func() any { return new([bufferSize]byte) }}

// errEnded means a Delivery that was finished, committed or aborted.
var errEnded = errors.New("maildir: the delivery has ended")

// deliveries counts those of the process.
var deliveries atomic.Uint64

// Create begins a delivery.
func (d *Dir) Create(opts *DeliveryOptions) (*Delivery, error) {
	y := &Delivery{d: d}
	if opts != nil {
		y.opts = *opts
	}
	seconds, unique := uniqueParts(y.opts.Received)
	y.tmp = dirTmp + "/" + seconds + "." + unique + "." + host()
	var err error
	if y.f, err = d.root.OpenFile(y.tmp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600); err != nil {
		return nil, err
	}
	y.base = seconds + "." + unique + fileID(y.f) + "." + host()
	y.buf = buffers.Get().(*[bufferSize]byte)
	return y, nil
}

// UniqueBase returns a base that no message has, for one that was received then and
// whose file has these sizes: of the file, and in the form with CRLF line ends. Where
// one is not known, which is below 0, the base tells none.
func UniqueBase(received time.Time, size, wire int64) string {
	seconds, unique := uniqueParts(received)
	return seconds + "." + unique + "." + host() + sizes(size, wire)
}

// sizes returns the parts of a name that tell sizes.
func sizes(size, wire int64) string {
	if size < 0 || wire < 0 {
		return ""
	}
	return ",S=" + strconv.FormatInt(size, 10) + ",W=" + strconv.FormatInt(wire, 10)
}

// uniqueParts returns the first two parts of a base: the seconds when the message was
// received, and what no other delivery has: microseconds, process, number of the
// delivery, and 64 random bits, as other hosts may have the same name. A time that
// names cannot tell counts as the present.
func uniqueParts(received time.Time) (seconds, unique string) {
	now := time.Now()
	if received.Unix() <= 0 {
		received = now
	}
	b := append(make([]byte, 0, 64), 'M')
	b = strconv.AppendInt(b, int64(now.Nanosecond()/1000), 10)
	b = append(b, 'P')
	b = strconv.AppendInt(b, int64(os.Getpid()), 10)
	b = append(b, 'Q')
	b = strconv.AppendUint(b, deliveries.Add(1), 10)
	b = append(b, 'R')
	var random [8]byte
	rand.Read(random[:])
	return strconv.FormatInt(received.Unix(), 10), string(hex.AppendEncode(b, random[:]))
}

// host returns the host's name as names of files have it: what would end it is
// written as its octal code.
var host = sync.OnceValue(func() string {
	name, err := os.Hostname()
	if err != nil || name == "" {
		name = "localhost"
	}
	return escapeHost(name)
})

func escapeHost(name string) string {
	name = strings.NewReplacer("/", `\057`, ":", `\072`, ",", `\054`, ";", `\073`).Replace(name)
	return name[:min(len(name), 64)] // a name of a file has 255
}

// Write implements [io.Writer].
func (y *Delivery) Write(p []byte) (n int, err error) {
	for y.err == nil && y.state == writing && n < len(p) {
		if y.n == bufferSize {
			y.err = y.flush(false)
			continue
		}
		k := copy(y.buf[y.n:], p[n:])
		y.n += k
		n += k
	}
	return n, errors.Join(y.ended(), y.err)
}

// ReadFrom implements [io.ReaderFrom].
func (y *Delivery) ReadFrom(r io.Reader) (n int64, err error) {
	for empty := 0; y.err == nil && y.state == writing; {
		if y.n == bufferSize {
			y.err = y.flush(false)
			continue
		}
		k, err := r.Read(y.buf[y.n:])
		y.n += k
		n += int64(k)
		if err == io.EOF {
			return n, nil
		}
		if empty++; k > 0 {
			empty = 0
		}
		if err == nil && empty == 100 {
			err = io.ErrNoProgress
		}
		if err != nil {
			return n, err
		}
	}
	return n, errors.Join(y.ended(), y.err)
}

func (y *Delivery) ended() error {
	if y.state != writing {
		return errEnded
	}
	return nil
}

// flush writes what is in the buffer. If more is to come, a CR at its end stays
// there: what it stands before is not known yet.
func (y *Delivery) flush(end bool) error {
	b := y.buf[:y.n]
	held := y.opts.LF && !end && len(b) > 0 && b[len(b)-1] == '\r'
	if held {
		b = b[:len(b)-1]
	}
	last := y.last
	if len(b) > 0 {
		last = b[len(b)-1]
	}
	if y.opts.LF {
		b = toLF(b, y.last)
	}
	n, err := y.f.Write(b)
	y.count(b[:n])
	y.last, y.n = last, 0
	if held {
		y.buf[0], y.n = '\r', 1
	}
	return err
}

// toLF makes LF of each CRLF in b that has no CR before it, and returns what b is
// then. Before b stands prev.
func toLF(b []byte, prev byte) []byte {
	w, r := 0, 0 // b[:w] is done, b[r:] is to be done
	for at := 0; ; {
		i := bytes.IndexByte(b[at:], '\n')
		if i < 0 {
			return b[:w+copy(b[w:], b[r:])]
		}
		i += at
		at = i + 1
		if i == 0 || b[i-1] != '\r' || i == 1 && prev == '\r' || i > 1 && b[i-2] == '\r' {
			continue
		}
		w += copy(b[w:], b[r:i-1])
		r = i
	}
}

// count adds octets to the sizes: on the wire a LF alone is CRLF.
func (y *Delivery) count(b []byte) {
	if len(b) == 0 {
		return
	}
	y.size += int64(len(b))
	y.wire += int64(len(b) + bytes.Count(b, []byte("\n")) - bytes.Count(b, []byte("\r\n")))
	if b[0] == '\n' && y.wrote == '\r' {
		y.wire--
	}
	y.wrote = b[len(b)-1]
}

// Finish ends the writing: the message is on the disk when it returns, but under no
// name yet. It gives the name that [Batch.Place] is going to give it. After an error
// it is as if it had been aborted. It may be called again.
func (y *Delivery) Finish() (Message, error) {
	switch y.state {
	case finished:
		return y.m, nil
	case ended:
		return Message{}, errEnded
	}
	err := y.err
	if err == nil {
		err = y.flush(true)
	}
	if err == nil && !y.opts.Received.IsZero() {
		err = y.d.root.Chtimes(y.tmp, y.opts.Received, y.opts.Received)
	}
	if err == nil {
		err = y.f.Sync()
	}
	y.close(&err)
	if err != nil {
		y.state = ended
		y.d.root.Remove(y.tmp)
		return Message{}, err
	}
	y.state = finished
	y.m = Message{New: y.opts.Flags == "" && !y.opts.Cur}
	y.m.Base = y.base + sizes(y.size, y.wire)
	y.m.Flags, y.m.Info = y.opts.Flags.With(), !y.m.New
	y.m.File = y.m.String()
	return y.m, nil
}

// close closes the file and gives the buffer back.
func (y *Delivery) close(err *error) {
	*err = errors.Join(*err, y.f.Close())
	buffers.Put(y.buf)
	y.buf = nil
}

// WireSize returns the size with CRLF line ends of what was written to the file so
// far: all of it after [Delivery.Finish].
func (y *Delivery) WireSize() int64 { return y.wire }

// TempFile returns the path of the file within the Maildir until the message has
// its name, so that it can be linked elsewhere after [Delivery.Finish].
func (y *Delivery) TempFile() string { return y.tmp }

// Commit ends the delivery: the message is on the disk under its name when it
// returns. After an error it is as if it had been aborted, unless the message was
// moved and only its directory could not be synced.
func (y *Delivery) Commit() (Message, error) {
	b := y.d.Batch()
	m, err := b.Place(y)
	if err != nil {
		return Message{}, err
	}
	return m, b.Commit()
}

// Abort ends the delivery and leaves nothing of it. After [Delivery.Commit] it does
// nothing, so that it can be deferred.
func (y *Delivery) Abort() error {
	var err error
	switch y.state {
	case ended:
		return nil
	case writing:
		y.close(&err)
	}
	y.state = ended
	return errors.Join(err, y.d.root.Remove(y.tmp))
}

// Deliver delivers the message that r has. If r fails nothing is delivered.
func (d *Dir) Deliver(r io.Reader, opts *DeliveryOptions) (Message, error) {
	y, err := d.Create(opts)
	if err != nil {
		return Message{}, err
	}
	if _, err := io.Copy(y, r); err != nil {
		return Message{}, errors.Join(err, y.Abort())
	}
	return y.Commit()
}
