//go:build linux || darwin

package main

import (
	"os"
	"os/signal"
	"sync"
	"syscall"
	"unsafe"

	"applayer/sockets/telnet"
)

// tty is the terminal that the user sits at.
type tty struct {
	f   *os.File
	was syscall.Termios
}

// mode is how a terminal hands over what is typed.
type mode int

const (
	modeCooked    mode = iota // as it was
	modeLine                  // as it was, and the escape ends a line too
	modeCharacter             // each key at once, shown by nobody
)

// openTTY returns f as a terminal, nil where it is none.
func openTTY(f *os.File) *tty {
	if f == nil {
		return nil
	}
	t := &tty{f: f}
	if t.ioctl(getTermios, unsafe.Pointer(&t.was)) != nil {
		return nil
	}
	return t
}

func (t *tty) ioctl(request uintptr, arg unsafe.Pointer) error {
	raw, err := t.f.SyscallConn()
	if err != nil {
		return err
	}
	var errno syscall.Errno
	if err := raw.Control(func(fd uintptr) {
		_, _, errno = syscall.Syscall(syscall.SYS_IOCTL, fd, request, uintptr(arg))
	}); err != nil {
		return err
	}
	if errno != 0 {
		return errno
	}
	return nil
}

// set sets the mode. A terminal that has gone away is no matter any more.
func (t *tty) set(m mode) {
	s := t.was
	switch m {
	case modeLine:
		s.Cc[syscall.VEOL] = escape
	case modeCharacter:
		s.Iflag &^= syscall.IGNBRK | syscall.BRKINT | syscall.PARMRK | syscall.ISTRIP | syscall.INLCR | syscall.IGNCR | syscall.ICRNL | syscall.IXON
		s.Oflag &^= syscall.OPOST
		s.Lflag &^= syscall.ECHO | syscall.ECHONL | syscall.ICANON | syscall.ISIG | syscall.IEXTEN
		s.Cflag = s.Cflag&^(syscall.CSIZE|syscall.PARENB) | syscall.CS8
		s.Cc[syscall.VMIN], s.Cc[syscall.VTIME] = 1, 0
	}
	t.ioctl(setTermios, unsafe.Pointer(&s))
}

// size returns the size of the window, 0 by 0 where it is not known.
func (t *tty) size() telnet.Window {
	var size struct{ rows, columns, x, y uint16 }
	t.ioctl(syscall.TIOCGWINSZ, unsafe.Pointer(&size))
	return telnet.Window{Columns: size.columns, Rows: size.rows}
}

// onResize calls f when the window's size has changed, until stop is called.
func (t *tty) onResize(f func()) (stop func()) {
	changes := make(chan os.Signal, 1)
	signal.Notify(changes, syscall.SIGWINCH)
	var calling sync.WaitGroup
	calling.Go(func() {
		for range changes {
			f()
		}
	})
	return func() {
		signal.Stop(changes)
		close(changes)
		calling.Wait()
	}
}
