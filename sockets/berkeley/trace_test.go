package berkeley_test

import (
	"errors"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"

	"applayer/sockets/berkeley"
)

func TestCallText(t *testing.T) {
	any5100 := berkeley.SockaddrIn{Port: 5100}
	tests := []struct {
		call berkeley.Call
		want string
	}{
		{berkeley.Call{Name: "socket", FD: -1, Args: []string{"PF_INET", "SOCK_STREAM", "0"}, Result: 3}, "socket(PF_INET, SOCK_STREAM, 0) = 3"},
		{berkeley.Call{Name: "bind", FD: 3, Args: []string{any5100.String()}}, "bind(3, 0.0.0.0:5100) = 0"},
		{berkeley.Call{Name: "accept", FD: 3, Result: 4, Peer: any5100}, "accept(3) = 4 0.0.0.0:5100"},
		{berkeley.Call{Name: "close", FD: 3, Result: -1, Err: &berkeley.CallError{Call: "close", Err: syscall.EBADF}},
			"close(3) = -1 " + syscall.EBADF.Error()},
		{berkeley.Call{Name: "close", FD: 3, Result: -1, Err: errors.ErrUnsupported}, "close(3) = -1 unsupported operation"},
	}
	for _, tt := range tests {
		assert.Equal(t, tt.want, tt.call.String())
	}
}

func TestNamesOfConstants(t *testing.T) {
	assert.Equal(t, "PF_UNSPEC PF_UNIX PF_INET PF_INET6 Family(16)", words(berkeley.PF_UNSPEC, berkeley.PF_UNIX, berkeley.PF_INET, berkeley.PF_INET6, berkeley.Family(16)))
	assert.Equal(t, "SOCK_STREAM SOCK_DGRAM Type(3)", words(berkeley.SOCK_STREAM, berkeley.SOCK_DGRAM, berkeley.Type(3)))
	assert.Equal(t, "SHUT_RD SHUT_WR SHUT_RDWR How(3)", words(berkeley.SHUT_RD, berkeley.SHUT_WR, berkeley.SHUT_RDWR, berkeley.How(3)))
}

func words[T interface{ String() string }](list ...T) string {
	var w []string
	for _, x := range list {
		w = append(w, x.String())
	}
	return strings.Join(w, " ")
}
