package queue

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"applayer/mime"
	"applayer/smtp"
)

// maxInMemory is how much of a message [Downgrade] keeps in memory. A longer one
// goes to a file.
const maxInMemory = 1 << 20

// Downgrade makes of a message one of 7-bit lines that says the same: the client's
// [smtp.Options] take it for servers without 8BITMIME (RFC 6152 §3). The message
// is kept whole meanwhile, in the system's folder for temporary files if it is
// long. One that cannot go on in seven bits, since its header is in UTF-8
// (RFC 6531 §3.6) or a word too long for a line, is [smtp.ErrUnsupported].
func Downgrade(message io.Reader) (io.ReadCloser, error) {
	var from, to store
	defer from.Close()
	if _, err := io.Copy(&from, message); err != nil {
		return nil, err
	}
	e, err := mime.Parse(&from, from.size, nil)
	if err == nil {
		err = mime.Downgrade(&to, e, nil)
	}
	if isMIME(err) {
		err = fmt.Errorf("%w: %w", smtp.ErrUnsupported, err)
	}
	if err != nil {
		return nil, errors.Join(err, to.Close())
	}
	return &to, nil
}

// store is octets that are written first and then read, in memory or, if they
// are many, in a file.
type store struct {
	memory []byte
	file   *os.File
	size   int64
	read   int64
}

// Write appends octets.
func (s *store) Write(p []byte) (n int, err error) {
	if s.file == nil && len(s.memory)+len(p) > maxInMemory {
		if err := s.spill(); err != nil {
			return 0, err
		}
	}
	if s.file == nil {
		s.memory = append(s.memory, p...)
		n = len(p)
	} else {
		n, err = s.file.Write(p)
	}
	s.size += int64(n)
	return n, err
}

// spill moves what is in memory to a file.
func (s *store) spill() (err error) {
	if s.file, err = os.CreateTemp("", "message-*"); err != nil {
		return err
	}
	_, err = s.file.Write(s.memory)
	s.memory = nil
	return err
}

// ReadAt reads from a place.
func (s *store) ReadAt(p []byte, at int64) (int, error) {
	if s.file != nil {
		return s.file.ReadAt(p, at)
	}
	return bytes.NewReader(s.memory).ReadAt(p, at)
}

// Read reads on.
func (s *store) Read(p []byte) (int, error) {
	n, err := s.ReadAt(p, s.read)
	s.read += int64(n)
	if n > 0 && err == io.EOF {
		err = nil
	}
	return n, err
}

// Close removes the file, if there is one.
func (s *store) Close() error {
	if s.file == nil {
		return nil
	}
	return errors.Join(s.file.Close(), os.Remove(s.file.Name()))
}
