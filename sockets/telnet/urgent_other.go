//go:build !linux && !darwin

package telnet

import (
	"errors"
	"fmt"
	"net"
	"syscall"
)

var errNoUrgent = fmt.Errorf("telnet: urgent data: %w", errors.ErrUnsupported)

func rawOf(*net.TCPConn) (syscall.RawConn, error) { return nil, errNoUrgent }

func prepareUrgent(syscall.RawConn) error             { return errNoUrgent }
func sendUrgent(syscall.RawConn, []byte) (int, error) { return 0, errNoUrgent }
func atMark(syscall.RawConn) (bool, error)            { return false, errNoUrgent }
func urgentPending(syscall.RawConn) (bool, error)     { return false, errNoUrgent }
