package testkit

import (
	"fmt"
	"os"
	"syscall"
	"testing"
	"unsafe"
)

// Terminal makes a terminal: what a program does that has the returned file for
// its standard input and output is read from screen, and what is written there
// is typed. Both are closed when the test ends. It is skipped on other systems
// than Linux.
func Terminal(tb testing.TB) (screen, terminal *os.File) {
	tb.Helper()
	screen, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		Lack(tb, "a terminal is not to be had: "+err.Error())
	}
	tb.Cleanup(func() { screen.Close() })
	raw, err := screen.SyscallConn()
	if err != nil {
		tb.Fatalf("testkit: %v", err)
	}
	var number, locked int32
	raw.Control(func(fd uintptr) {
		for request, arg := range map[uintptr]*int32{syscall.TIOCGPTN: &number, syscall.TIOCSPTLCK: &locked} {
			if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, fd, request, uintptr(unsafe.Pointer(arg))); errno != 0 {
				err = errno
			}
		}
	})
	if err == nil {
		terminal, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	}
	if err != nil {
		Lack(tb, "a terminal is not to be had: "+err.Error())
	}
	tb.Cleanup(func() { terminal.Close() })
	return screen, terminal
}
