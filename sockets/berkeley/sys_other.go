//go:build !linux || !(amd64 || arm64 || 386)

package berkeley

import (
	"strconv"
	"time"
)

func isInterrupted(error) bool  { return false }
func isWouldBlock(error) bool   { return false }
func isInProgress(error) bool   { return false }
func isBadFD(error) bool        { return false }
func isNotConnected(error) bool { return false }

// errnoError is a number that no call of this system gave.
type errnoError int

func (e errnoError) Error() string { return "errno " + strconv.Itoa(int(e)) }

func errnoOf(n int) error { return errnoError(n) }

type storage struct{}

func newStorage() *storage { return &storage{} }

func (*storage) sockaddr() (Sockaddr, error) { return nil, ErrUnsupported }

func sysSocket(Family, Type, Protocol) (FD, error)                 { return -1, ErrUnsupported }
func sysBind(FD, []byte) error                                     { return ErrUnsupported }
func sysConnect(FD, []byte) error                                  { return ErrUnsupported }
func sysListen(FD, int) error                                      { return ErrUnsupported }
func sysAccept(FD, *storage) (FD, error)                           { return -1, ErrUnsupported }
func sysGetSockName(FD, *storage) error                            { return ErrUnsupported }
func sysGetPeerName(FD, *storage) error                            { return ErrUnsupported }
func sysSendTo(FD, []byte, Flags, []byte) (int, error)             { return -1, ErrUnsupported }
func sysRecvFrom(FD, []byte, Flags, *storage) (int, error)         { return -1, ErrUnsupported }
func sysSendMsg(FD, *Msg, []byte, Flags) (int, error)              { return -1, ErrUnsupported }
func sysRecvMsg(FD, *Msg, *storage, Flags) (n, ctl int, err error) { return -1, 0, ErrUnsupported }
func sysShutdown(FD, How) error                                    { return ErrUnsupported }
func sysClose(FD) error                                            { return ErrUnsupported }
func sysSetSockOpt(FD, int, int, []byte) error                     { return ErrUnsupported }
func sysGetSockOpt(FD, int, int, []byte) (int, error)              { return -1, ErrUnsupported }
func sysSetNonblock(FD, bool) error                                { return ErrUnsupported }
func sysDup(FD) (FD, error)                                        { return -1, ErrUnsupported }
func sysPoll([]PollFD, time.Duration) (int, error)                 { return -1, ErrUnsupported }
