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
	// Received is when it was received, which becomes the time of the file. The
	// zero value is the present.
	Received time.Time
}

// Delivery is a message on its way into a Maildir. It is written to, then either
// committed or aborted.
type Delivery struct {
	d    *Dir
	opts DeliveryOptions
	f    *os.File // nil when it has ended
	tmp  string   // the file's path
	base string   // of its name, without the sizes

	size, wire int64
	last       byte // that was written
	err        error
}

// errEnded means a Delivery that was committed or aborted.
var errEnded = errors.New("maildir: the delivery has ended")

// deliveries counts those of the process.
var deliveries atomic.Uint64

// Create begins a delivery.
func (d *Dir) Create(opts *DeliveryOptions) (*Delivery, error) {
	y := &Delivery{d: d}
	if opts != nil {
		y.opts = *opts
	}
	now := time.Now()
	seconds, unique := strconv.FormatInt(now.Unix(), 10), uniquePart(now)
	y.tmp = dirTmp + "/" + seconds + "." + unique + "." + host()
	var err error
	if y.f, err = d.root.OpenFile(y.tmp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600); err != nil {
		return nil, err
	}
	y.base = seconds + "." + unique + fileID(y.f) + "." + host()
	return y, nil
}

// uniquePart returns what no other delivery has: microseconds, process, number of
// the delivery, and 64 random bits, as other hosts may have the same name.
func uniquePart(now time.Time) string {
	b := append(make([]byte, 0, 64), 'M')
	b = strconv.AppendInt(b, int64(now.Nanosecond()/1000), 10)
	b = append(b, 'P')
	b = strconv.AppendInt(b, int64(os.Getpid()), 10)
	b = append(b, 'Q')
	b = strconv.AppendUint(b, deliveries.Add(1), 10)
	b = append(b, 'R')
	var random [8]byte
	rand.Read(random[:])
	return string(hex.AppendEncode(b, random[:]))
}

// host returns the host's name as names of files have it: what would end it is
// written as its octal code.
func host() string {
	name, err := os.Hostname()
	if err != nil || name == "" {
		name = "localhost"
	}
	return escapeHost(name)
}

func escapeHost(name string) string {
	name = strings.NewReplacer("/", `\057`, ":", `\072`, ",", `\054`, ";", `\073`).Replace(name)
	return name[:min(len(name), 64)] // a name of a file has 255
}

// Write implements [io.Writer].
func (y *Delivery) Write(p []byte) (n int, err error) {
	switch {
	case y.err != nil:
		return 0, y.err
	case y.f == nil:
		return 0, errEnded
	}
	n, y.err = y.f.Write(p)
	y.count(p[:n])
	return n, y.err
}

// count adds octets to the sizes: on the wire a LF alone is CRLF.
func (y *Delivery) count(b []byte) {
	if len(b) == 0 {
		return
	}
	y.size += int64(len(b))
	y.wire += int64(len(b) + bytes.Count(b, []byte("\n")) - bytes.Count(b, []byte("\r\n")))
	if b[0] == '\n' && y.last == '\r' {
		y.wire--
	}
	y.last = b[len(b)-1]
}

// Commit ends the delivery: the message is on the disk under its name when it
// returns. After an error it is as if it had been aborted, unless the message was
// moved and only its directory could not be synced.
func (y *Delivery) Commit() (Message, error) {
	if y.f == nil {
		return Message{}, errEnded
	}
	m := Message{New: y.opts.Flags == "" && !y.opts.Cur}
	m.Base = y.base + ",S=" + strconv.FormatInt(y.size, 10) + ",W=" + strconv.FormatInt(y.wire, 10)
	m.Flags, m.Info = y.opts.Flags.With(), !m.New
	m.File = m.String()
	err := y.err
	if err == nil {
		err = y.f.Sync()
	}
	if err = errors.Join(err, y.f.Close()); err == nil && !y.opts.Received.IsZero() {
		err = y.d.root.Chtimes(y.tmp, y.opts.Received, y.opts.Received)
	}
	if err == nil {
		err = y.d.root.Rename(y.tmp, m.path())
	}
	y.f = nil
	if err != nil {
		y.d.root.Remove(y.tmp)
		return Message{}, err
	}
	return m, y.d.sync(m.dir())
}

// Abort ends the delivery and leaves nothing of it. After [Delivery.Commit] it does
// nothing, so that it can be deferred.
func (y *Delivery) Abort() error {
	if y.f == nil {
		return nil
	}
	err := errors.Join(y.f.Close(), y.d.root.Remove(y.tmp))
	y.f = nil
	return err
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
