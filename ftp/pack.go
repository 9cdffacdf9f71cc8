package ftp

import "io"

// coding is a code of which the plain form is never longer, so that it is
// decoded where it stands.
type coding interface {
	// decode decodes q in place: what becomes of q[:used] stands at
	// q[:written]. One octet at most may be left, when what follows it decides.
	decode(q []byte) (written, used int, err error)
	// end is called when no more comes. Without an error, an octet that was left
	// stands for itself.
	end() error
}

// unpacker reads what a coding makes of a stream. After an error it repeats the
// error.
type unpacker struct {
	r io.Reader
	coding
	left   [1]byte // what decode left
	isLeft bool
	small  [2]byte // for reads of one octet, which could not hold what was left
	rest   []byte  // of small
	err    error
}

// Read reads plain octets. It may return 0 and nil where the reader below did.
func (u *unpacker) Read(p []byte) (int, error) {
	if len(p) >= len(u.small) && len(u.rest) == 0 {
		return u.fill(p)
	}
	if len(u.rest) == 0 && len(p) > 0 {
		n, err := u.fill(u.small[:])
		if n == 0 {
			return 0, err
		}
		u.rest = u.small[:n]
	}
	n := copy(p, u.rest)
	u.rest = u.rest[n:]
	return n, nil
}

// fill reads into q, which holds two octets at least.
func (u *unpacker) fill(q []byte) (n int, err error) {
	for u.err == nil {
		have := 0
		if u.isLeft {
			have = copy(q, u.left[:])
		}
		m, err := u.r.Read(q[have:])
		n, used, bad := u.decode(q[:have+m])
		if u.isLeft = used < have+m; u.isLeft {
			u.left[0] = q[used]
		}
		switch {
		case bad != nil:
			u.err = bad
		case err == io.EOF:
			n += u.finish(q[n:])
		default:
			u.err = err
		}
		if n > 0 || m == 0 && u.err == nil {
			return n, nil
		}
	}
	return 0, u.err
}

// finish deals with what was left when no more comes.
func (u *unpacker) finish(q []byte) (n int) {
	if u.err = u.end(); u.err != nil {
		return 0
	}
	u.err = io.EOF
	if u.isLeft {
		n = copy(q, u.left[:])
	}
	return n
}

// packed is how many octets are encoded and written at once.
const packed = 32 << 10

// packer writes what a code makes of octets. It keeps none back.
type packer struct {
	w      io.Writer
	encode func(dst, src []byte) []byte
	buf    []byte
}

// Write encodes p and writes it. n counts octets of p, in steps of 32 KiB.
func (k *packer) Write(p []byte) (n int, err error) {
	for n < len(p) {
		chunk := p[n:min(n+packed, len(p))]
		k.buf = k.encode(k.buf[:0], chunk)
		if _, err := k.w.Write(k.buf); err != nil {
			return n, err
		}
		n += len(chunk)
	}
	return n, nil
}
