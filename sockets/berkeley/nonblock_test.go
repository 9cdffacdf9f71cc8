//go:build linux && (amd64 || arm64 || 386)

package berkeley_test

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/testkit"
	"applayer/sockets/berkeley"
)

// pollOne waits for one condition of one descriptor.
func pollOne(t *testing.T, fd berkeley.FD, want berkeley.PollEvents) berkeley.PollEvents {
	t.Helper()
	fds := []berkeley.PollFD{{FD: fd, Events: want}}
	n, err := berkeley.Poll(fds, 10*time.Second)
	require.NoError(t, err)
	require.Equal(t, 1, n, "the condition came")
	return fds[0].Revents
}

func TestWouldBlock(t *testing.T) {
	testkit.NoLeaks(t)
	welcome, _ := listening(t, berkeley.SockaddrIn{Addr: berkeley.INADDR_LOOPBACK})
	client, _ := pair(t)
	packets, _ := bound(t, berkeley.SOCK_DGRAM, berkeley.SockaddrIn{Addr: berkeley.INADDR_LOOPBACK})
	for _, fd := range []berkeley.FD{welcome, client, packets} {
		require.NoError(t, fd.SetNonblock(true))
	}
	buf := make([]byte, 1<<16)
	tests := []struct {
		name string
		call func() (int, error)
	}{
		{"accept", func() (int, error) { fd, _, err := welcome.Accept(); return int(fd), err }},
		{"recv", func() (int, error) { return client.Recv(buf, 0) }},
		{"recvfrom", func() (int, error) { n, _, err := packets.RecvFrom(buf, 0); return n, err }},
		{"recvmsg", func() (int, error) { return packets.RecvMsg(&berkeley.Msg{Buffers: [][]byte{buf}}, 0) }},
		{"send", func() (int, error) { return untilFull(func() (int, error) { return client.Send(buf, 0) }) }},
		{"sendmsg", func() (int, error) { return client.SendMsg(&berkeley.Msg{Buffers: [][]byte{buf}}, 0) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			n, err := tt.call()
			assert.Equal(t, -1, n)
			assert.ErrorIs(t, err, berkeley.ErrWouldBlock)
			assert.ErrorIs(t, err, syscall.EAGAIN)
			assert.NotErrorIs(t, err, berkeley.ErrInProgress)
			var ce *berkeley.CallError
			require.ErrorAs(t, err, &ce)
			assert.Equal(t, tt.name, ce.Call)
			assert.True(t, ce.Timeout())
			assert.True(t, ce.Temporary())
		})
	}
}

// Nobody receives, so the receiver's queue of datagrams fills.
func TestSendToWouldBlock(t *testing.T) {
	_, addr := bound(t, berkeley.SOCK_DGRAM, berkeley.SockaddrUn{})
	client := socket(t, berkeley.PF_UNIX, berkeley.SOCK_DGRAM)
	n, err := untilFull(func() (int, error) { return client.SendTo([]byte("x"), berkeley.MSG_DONTWAIT, addr) })
	assert.Equal(t, -1, n)
	assert.ErrorIs(t, err, berkeley.ErrWouldBlock)
}

// untilFull sends until there is no room left.
func untilFull(send func() (int, error)) (int, error) {
	for {
		if n, err := send(); err != nil {
			return n, err
		}
	}
}

func TestConnectInProgress(t *testing.T) {
	testkit.NoLeaks(t)
	welcome, addr := listening(t, berkeley.SockaddrIn{Addr: berkeley.INADDR_LOOPBACK})
	_, refuses := bound(t, berkeley.SOCK_STREAM, berkeley.SockaddrIn{Addr: berkeley.INADDR_LOOPBACK})

	client := socket(t, berkeley.PF_INET, berkeley.SOCK_STREAM)
	require.NoError(t, client.SetNonblock(true))
	err := client.Connect(addr)
	require.ErrorIs(t, err, berkeley.ErrInProgress)
	assert.ErrorIs(t, err, syscall.EINPROGRESS)
	assert.Equal(t, berkeley.POLLOUT, pollOne(t, client, berkeley.POLLOUT))
	assert.NoError(t, client.SocketError())
	peer, err := client.GetPeerName()
	require.NoError(t, err)
	assert.Equal(t, addr, peer)
	assert.Equal(t, berkeley.POLLIN, pollOne(t, welcome, berkeley.POLLIN))
	server, _, err := welcome.Accept()
	require.NoError(t, err)
	require.NoError(t, server.Close())

	refused := socket(t, berkeley.PF_INET, berkeley.SOCK_STREAM)
	require.NoError(t, refused.SetNonblock(true))
	require.ErrorIs(t, refused.Connect(refuses), berkeley.ErrInProgress)
	got := pollOne(t, refused, berkeley.POLLOUT)
	assert.NotZero(t, got&berkeley.POLLERR, "poll gave %v", got)
	assert.ErrorIs(t, refused.SocketError(), syscall.ECONNREFUSED)
	assert.NoError(t, refused.SocketError(), "reading cleared it")
}

func TestPoll(t *testing.T) {
	testkit.NoLeaks(t)
	client, server := pair(t)
	fds := []berkeley.PollFD{{FD: client, Events: berkeley.POLLIN}, {FD: -1, Events: berkeley.POLLIN}, {FD: 1 << 20}}
	n, err := berkeley.Poll(fds[:2], 0)
	require.NoError(t, err)
	assert.Zero(t, n, "nothing to receive yet")
	n, err = berkeley.Poll(fds[:2], time.Millisecond)
	require.NoError(t, err)
	assert.Zero(t, n)
	_, err = server.Send([]byte("x"), 0)
	require.NoError(t, err)
	n, err = berkeley.Poll(fds, -1)
	require.NoError(t, err)
	assert.Equal(t, 2, n)
	assert.Equal(t, berkeley.POLLIN, fds[0].Revents)
	assert.Zero(t, fds[1].Revents)
	assert.Equal(t, berkeley.POLLNVAL, fds[2].Revents)

	require.NoError(t, server.Shutdown(berkeley.SHUT_WR))
	got := pollOne(t, client, berkeley.POLLIN|berkeley.POLLRDHUP)
	assert.Equal(t, "POLLIN|POLLRDHUP", got.String())
	assert.Equal(t, "0", berkeley.PollEvents(0).String())

	_, err = berkeley.Poll(make([]berkeley.PollFD, 1<<21), 0)
	var ce *berkeley.CallError
	require.ErrorAs(t, err, &ce)
	assert.Equal(t, "ppoll", ce.Call)
	assert.ErrorIs(t, err, syscall.EINVAL, "more descriptors than a process may have")
}

// A call with a time-out of its own is not restarted by the kernel after a
// signal (signal(7)), so the signals of this test reach it as EINTR.
func TestSignalsInterruptNoCall(t *testing.T) {
	t.Run("recv", func(t *testing.T) {
		testkit.NoLeaks(t)
		client, server := pair(t)
		timeOut(t, server)
		buf := make([]byte, 8)
		var n int
		wait := interrupted(t, func() (err error) { n, err = server.Recv(buf, 0); return err })
		_, err := client.Send([]byte("late"), 0)
		require.NoError(t, err)
		require.NoError(t, wait())
		assert.Equal(t, "late", string(buf[:n]))
	})
	t.Run("accept", func(t *testing.T) {
		testkit.NoLeaks(t)
		welcome, addr := listening(t, berkeley.SockaddrIn{Addr: berkeley.INADDR_LOOPBACK})
		timeOut(t, welcome)
		wait := interrupted(t, func() error {
			fd, _, err := welcome.Accept()
			if err != nil {
				return err
			}
			return fd.Close()
		})
		require.NoError(t, socket(t, berkeley.PF_INET, berkeley.SOCK_STREAM).Connect(addr))
		require.NoError(t, wait())
	})
	t.Run("poll", func(t *testing.T) {
		testkit.NoLeaks(t)
		client, server := pair(t)
		wait := interrupted(t, func() error {
			_, err := berkeley.Poll([]berkeley.PollFD{{FD: server, Events: berkeley.POLLIN}}, 100*time.Second)
			return err
		})
		_, err := client.Send([]byte("x"), 0)
		require.NoError(t, err)
		require.NoError(t, wait())
	})
	t.Run("connect that waits for room in the backlog", func(t *testing.T) {
		testkit.NoLeaks(t)
		welcome, addr := bound(t, berkeley.SOCK_STREAM, berkeley.SockaddrUn{})
		require.NoError(t, welcome.Listen(0))
		require.NoError(t, socket(t, berkeley.PF_UNIX, berkeley.SOCK_STREAM).Connect(addr), "one waits, a backlog of 0 has room for it")
		client := socket(t, berkeley.PF_UNIX, berkeley.SOCK_STREAM)
		timeOut(t, client)
		wait := interrupted(t, func() error { return client.Connect(addr) })
		for range 2 {
			server, _, err := welcome.Accept()
			require.NoError(t, err)
			t.Cleanup(func() { server.Close() })
		}
		require.NoError(t, wait())
		peer, err := client.GetPeerName()
		require.NoError(t, err)
		assert.Equal(t, addr, peer)
	})
}

// A connect over TCP goes on in the kernel after a signal. A full backlog keeps
// it waiting: Linux takes no notice of a SYN for which there is no room, and
// the client sends it again after a second.
func TestSignalsInterruptNoConnect(t *testing.T) {
	testkit.NoLeaks(t)
	welcome, addr := bound(t, berkeley.SOCK_STREAM, berkeley.SockaddrIn{Addr: berkeley.INADDR_LOOPBACK})
	require.NoError(t, welcome.Listen(0))
	require.NoError(t, socket(t, berkeley.PF_INET, berkeley.SOCK_STREAM).Connect(addr), "one waits, a backlog of 0 has room for it")
	_, err := berkeley.Poll([]berkeley.PollFD{{FD: welcome, Events: berkeley.POLLIN}}, -1)
	require.NoError(t, err)
	client := socket(t, berkeley.PF_INET, berkeley.SOCK_STREAM)
	timeOut(t, client)
	wait := interrupted(t, func() error { return client.Connect(addr) })
	var last berkeley.Sockaddr
	for range 2 {
		server, peer, err := welcome.Accept()
		require.NoError(t, err)
		t.Cleanup(func() { server.Close() })
		last = peer
	}
	require.NoError(t, wait())
	name, err := client.GetSockName()
	require.NoError(t, err)
	assert.Equal(t, name, last)
}

// timeOut gives the calls on a socket a time-out of 100 s: a struct timeval,
// two words of the machine.
func timeOut(t *testing.T, fd berkeley.FD) {
	t.Helper()
	tv := syscall.NsecToTimeval(int64(100 * time.Second))
	require.NoError(t, syscall.SetsockoptTimeval(int(fd), syscall.SOL_SOCKET, berkeley.SO_RCVTIMEO, &tv))
	require.NoError(t, syscall.SetsockoptTimeval(int(fd), syscall.SOL_SOCKET, berkeley.SO_SNDTIMEO, &tv))
}

// interrupted makes a call in a thread of its own and sends that thread
// signals, each once it sleeps in the kernel. The function that it returns
// waits for the call.
func interrupted(t *testing.T, call func() error) (wait func() error) {
	t.Helper()
	tid := make(chan int)
	done := make(chan error, 1)
	go func() {
		// Not unlocked, so that the thread ends with its goroutine and is no
		// other's by the time of a late signal.
		runtime.LockOSThread()
		tid <- syscall.Gettid()
		done <- call()
	}()
	id := <-tid
	for range 5 {
		sleepsInCall(t, id, done)
		// The runtime takes SIGURG as a request to preempt, and does nothing
		// to a thread that is in a call.
		_, _, errno := syscall.Syscall(syscall.SYS_TGKILL, uintptr(os.Getpid()), uintptr(id), uintptr(syscall.SIGURG))
		require.Zero(t, errno)
	}
	sleepsInCall(t, id, done)
	return func() error { return <-done }
}

// sleepsInCall waits until a thread of ours sleeps. The test fails if its call
// has ended, after which there may be no such thread.
func sleepsInCall(t *testing.T, tid int, done <-chan error) {
	t.Helper()
	for range 100_000 {
		b, err := os.ReadFile(fmt.Sprintf("/proc/self/task/%d/stat", tid))
		select {
		case err := <-done:
			t.Fatalf("the call ended by a signal: %v", err)
		default:
		}
		if err != nil {
			t.Skipf("cannot see threads: %v", err)
		}
		_, state, _ := strings.Cut(string(b), ") ")
		if strings.HasPrefix(state, "S") {
			return
		}
		runtime.Gosched()
	}
	t.Fatal("the thread does not come to sleep")
}
