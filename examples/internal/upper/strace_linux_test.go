package upper_test

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/testkit"
)

// traced starts a program of ours under strace; calls gives, once it has
// ended, the lecture's calls by descriptor, in the order in which the
// descriptors were made.
func traced(t *testing.T, program string, args ...string) (p *testkit.Process, calls func() []string) {
	t.Helper()
	log := filepath.Join(t.TempDir(), "strace")
	strace := testkit.Program(t, "strace")
	p = testkit.Start(t, strace, append([]string{"-f", "-qq", "-e", "signal=none", "-e", "trace=network,close", "-o", log, program}, args...)...)
	return p, func() []string {
		b, err := os.ReadFile(log)
		require.NoError(t, err)
		got := callsByDescriptor(string(b))
		if len(got) == 0 {
			t.Logf("strace wrote:\n%s", b)
		}
		return got
	}
}

var (
	lineBegins  = regexp.MustCompile(`^(\d+) +(\w+)\((.*)$`)
	lineResumed = regexp.MustCompile(`^(\d+) +<\.\.\. (\w+) resumed>(.*)$`)
	resultOf    = regexp.MustCompile(`\) += (-?\d+)`)
)

// callsByDescriptor reads strace's log. Linux has no system calls send, recv
// and accept: the C library makes them of sendto and recvfrom without an
// address and of accept4, and so do we.
func callsByDescriptor(log string) []string {
	begun := map[string]string{} // by thread: what an unfinished call gave so far
	current := map[string]int{}  // by descriptor: its place in made
	var made []string
	add := func(fd, call string) {
		if i, ok := current[fd]; ok {
			made[i] = strings.TrimSpace(made[i] + " " + call)
		}
	}
	open := func(fd string) {
		if fd != "" && fd != "-1" {
			current[fd] = len(made)
			made = append(made, "")
		}
	}
	for line := range strings.Lines(log) {
		line = strings.TrimSuffix(line, "\n")
		if m := lineResumed.FindStringSubmatch(line); m != nil {
			line = m[1] + " " + begun[m[1]] + m[3]
		} else if m := lineBegins.FindStringSubmatch(line); m != nil {
			if before, ok := strings.CutSuffix(line, " <unfinished ...>"); ok {
				begun[m[1]] = strings.TrimLeft(strings.TrimPrefix(before, m[1]), " ")
				continue
			}
		}
		m := lineBegins.FindStringSubmatch(line)
		r := resultOf.FindStringSubmatch(line)
		if m == nil || strings.Contains(m[3], "ERESTARTSYS") {
			continue // a signal came, the runtime sends itself some; the kernel makes the call again
		}
		result := ""
		if r != nil {
			result = r[1]
		}
		name, rest := m[2], m[3]
		fd, _, _ := strings.Cut(strings.FieldsFunc(rest+" ", func(r rune) bool { return r == ',' || r == ')' || r == ' ' })[0], " ")
		switch name {
		case "socket":
			open(result)
			add(result, "socket")
		case "accept4":
			add(fd, "accept")
			open(result)
		case "sendto":
			add(fd, ofNoAddress(rest, ", NULL, 0)", "send", "sendto"))
		case "recvfrom":
			add(fd, ofNoAddress(rest, ", NULL, NULL)", "recv", "recvfrom"))
		case "bind", "listen", "connect":
			add(fd, name)
		case "close":
			add(fd, name)
			delete(current, fd)
		}
	}
	return made
}

func ofNoAddress(rest, mark, without, with string) string {
	if strings.Contains(rest, mark) {
		return without
	}
	return with
}

// The lecture's table of calls, as the kernel sees our programs make them.
// The servers' lists end where a signal stops them.
func TestCallsAgainstTheLecturesTable(t *testing.T) {
	testkit.Linux(t, "strace")
	ours := build(t)
	for _, tr := range transports {
		t.Run(tr.network, func(t *testing.T) {
			server, serverCalls := traced(t, ours[tr.server], args(tr, true, tr.place(t))...)
			addr := ready(server.WaitLine, "listening on "+tr.network+" ")
			client, clientCalls := traced(t, ours[tr.client], args(tr, true, addr)...)
			_, err := io.WriteString(client.Stdin, "hello\n")
			require.NoError(t, err)
			client.WaitLine("HELLO")
			require.NoError(t, client.Stdin.Close())
			require.Equal(t, 0, client.Wait(), client.Stderr())
			require.Equal(t, 0, stopTraced(t, server), server.Stderr())

			if tr.server == "tcpserver" {
				assert.Contains(t, clientCalls(), "socket connect send recv close")
				got := serverCalls()
				require.Len(t, got, 2, "a welcoming socket and a socket for the client: %q", got)
				assert.Regexp(t, `^socket bind listen accept( accept)*( close)?$`, got[0], "it carries no data")
				assert.Equal(t, "recv send recv close", got[1], "the second recv is the end")
				return
			}
			var udp []string
			for _, calls := range clientCalls() {
				if strings.Contains(calls, "sendto") {
					udp = append(udp, calls)
				}
			}
			want := `^socket sendto recvfrom close$`
			if tr.network == "unixgram" {
				want = `^socket bind sendto recvfrom close$` // who has no name gets no reply
			}
			require.Len(t, udp, 1)
			assert.Regexp(t, want, udp[0])
			got := serverCalls()
			require.Len(t, got, 1, "one socket for all clients: %q", got)
			assert.Regexp(t, `^socket bind recvfrom sendto( recvfrom)*( close)?$`, got[0])
		})
	}
}

// stopTraced asks the program below strace to end; strace gives its exit
// status on, but does not pass a signal down.
func stopTraced(t *testing.T, p *testkit.Process) int {
	t.Helper()
	children, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%[1]d/children", p.Pid()))
	require.NoError(t, err)
	pid, err := strconv.Atoi(strings.TrimSpace(string(children)))
	require.NoError(t, err)
	require.NoError(t, syscall.Kill(pid, syscall.SIGTERM))
	return p.Wait()
}
