package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/examples/internal/cli"
	"applayer/internal/testkit"
)

// started is a program that runs in this process.
type started struct {
	addr   string
	cancel context.CancelFunc
	lines  chan string
	status chan int
	stderr bytes.Buffer
}

// start runs the program and waits for its ready line.
func start(t *testing.T, args ...string) *started {
	ctx, cancel := context.WithCancel(context.Background())
	p := &started{cancel: cancel, lines: make(chan string, 10), status: make(chan int, 1)}
	out, stdout := io.Pipe()
	go func() {
		p.status <- cli.Run(ctx, program(), args, strings.NewReader(""), stdout, &p.stderr)
		stdout.Close()
	}()
	go func() {
		for sc := bufio.NewScanner(out); sc.Scan(); {
			p.lines <- sc.Text()
		}
		close(p.lines)
	}()
	ready, ok := <-p.lines
	require.True(t, ok, "no ready line")
	_, p.addr, ok = strings.Cut(ready, "listening on ")
	require.True(t, ok, ready)
	_, p.addr, _ = strings.Cut(p.addr, " ")
	t.Cleanup(cancel)
	return p
}

// stop ends it as a signal does and returns what it printed after the ready
// line.
func (p *started) stop(t *testing.T) []string {
	p.cancel()
	var lines []string
	for line := range p.lines {
		lines = append(lines, line)
	}
	assert.Zero(t, <-p.status, p.stderr.String())
	return lines
}

func TestRelaysStreams(t *testing.T) {
	testkit.NoLeaks(t)
	target, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer target.Close()
	go func() {
		for {
			c, err := target.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				b, _ := io.ReadAll(c)
				c.Write(bytes.ToUpper(b))
			}()
		}
	}()
	p := start(t, "-listen", "127.0.0.1:0", "-to", target.Addr().String(), "-rate", "100000000", "-delay", "1ms", "-jitter", "1ms")
	for range 2 {
		c, err := net.Dial("tcp", p.addr)
		require.NoError(t, err)
		_, err = c.Write(bytes.Repeat([]byte("upper "), 1000))
		require.NoError(t, err)
		require.NoError(t, c.(*net.TCPConn).CloseWrite())
		got, err := io.ReadAll(c)
		require.NoError(t, err)
		assert.Equal(t, strings.Repeat("UPPER ", 1000), string(got))
		require.NoError(t, c.Close())
	}
	lines := p.stop(t)
	require.Len(t, lines, 2)
	assert.Regexp(t, `^up: 12000 octets, \d+ packets, 0 drops, 0 duplicates, utilisation [0-9.]+ %$`, lines[0])
	assert.Regexp(t, `^down: 12000 octets, \d+ packets, 0 drops, 0 duplicates, utilisation [0-9.]+ %$`, lines[1])
}

func TestFinishesWhatIsInFlight(t *testing.T) {
	testkit.NoLeaks(t)
	target, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer target.Close()
	p := start(t, "-listen", "127.0.0.1:0", "-to", target.Addr().String(), "-delay", "5ms")
	c, err := net.Dial("tcp", p.addr)
	require.NoError(t, err)
	defer c.Close()
	_, err = c.Write([]byte("question"))
	require.NoError(t, err)
	s, err := target.Accept()
	require.NoError(t, err)
	defer s.Close()
	_, err = io.ReadFull(s, make([]byte, 8))
	require.NoError(t, err)
	p.cancel()
	rest, err := io.ReadAll(s)
	require.NoError(t, err, "the target learns of the end")
	assert.Empty(t, rest)
	_, err = s.Write([]byte("answer"))
	require.NoError(t, err)
	require.NoError(t, s.Close())
	got, err := io.ReadAll(c)
	require.NoError(t, err)
	assert.Equal(t, "answer", string(got))
	p.stop(t)
}

func TestTargetThatRefuses(t *testing.T) {
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, gone.Close())
	p := start(t, "-listen", "127.0.0.1:0", "-to", gone.Addr().String())
	c, err := net.Dial("tcp", p.addr)
	if err == nil { // else the reset was faster than connect
		defer c.Close()
		_, err = c.Read(make([]byte, 1))
	}
	assert.Error(t, err)
	assert.NotErrorIs(t, err, io.EOF, "a refusal is no orderly end")
	p.stop(t)
	assert.Contains(t, p.stderr.String(), "no connection to the target")
}

func TestRelaysDatagrams(t *testing.T) {
	testkit.NoLeaks(t)
	target, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	defer target.Close()
	go func() {
		b := make([]byte, 2048)
		for {
			n, from, err := target.ReadFrom(b)
			if err != nil {
				return
			}
			target.WriteTo(bytes.ToUpper(b[:n]), from)
		}
	}()
	p := start(t, "-udp", "-listen", "127.0.0.1:0", "-to", target.LocalAddr().String(), "-delay", "1ms", "-duplicate", "1")
	for _, text := range []string{"one", "two"} {
		c, err := net.Dial("udp", p.addr)
		require.NoError(t, err)
		require.NoError(t, c.SetDeadline(time.Now().Add(30*time.Second)))
		_, err = c.Write([]byte(text))
		require.NoError(t, err)
		for range 4 { // each of two questions brings two answers
			b := make([]byte, 10)
			n, err := c.Read(b)
			require.NoError(t, err)
			assert.Equal(t, strings.ToUpper(text), string(b[:n]))
		}
		require.NoError(t, c.Close())
	}
	lines := p.stop(t)
	require.Len(t, lines, 2)
	assert.Equal(t, "up: 12 octets, 4 packets, 0 drops, 2 duplicates, utilisation 0.0 %", lines[0])
	assert.Equal(t, "down: 24 octets, 8 packets, 0 drops, 4 duplicates, utilisation 0.0 %", lines[1])
}

func TestDropsDatagrams(t *testing.T) {
	target, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	defer target.Close()
	p := start(t, "-udp", "-listen", "127.0.0.1:0", "-to", target.LocalAddr().String(), "-mtu", "100")
	c, err := net.Dial("udp", p.addr)
	require.NoError(t, err)
	defer c.Close()
	for _, size := range []int{101, 100} {
		_, err = c.Write(make([]byte, size))
		require.NoError(t, err)
	}
	require.NoError(t, target.SetReadDeadline(time.Now().Add(30*time.Second)))
	n, _, err := target.ReadFrom(make([]byte, 200))
	require.NoError(t, err)
	assert.Equal(t, 100, n)
	assert.Equal(t, "up: 100 octets, 1 packets, 1 drops, 0 duplicates, utilisation 0.0 %", p.stop(t)[0])
}

func TestUsage(t *testing.T) {
	tests := []struct{ args, want string }{
		{"-to 127.0.0.1:1", "link: -listen: an address is needed\n"},
		{"-listen 127.0.0.1:0", "link: -to: an address is needed\n"},
		{"-listen 127.0.0.1:0 -to 127.0.0.1:1 more", "link: more: no arguments are taken\n"},
		{"-listen 127.0.0.1:0 -to 127.0.0.1:1 -rate -1", "link: -rate: negative\n"},
		{"-listen 127.0.0.1:0 -to 127.0.0.1:1 -delay -1s", "link: -delay: negative\n"},
		{"-listen 127.0.0.1:0 -to 127.0.0.1:1 -jitter -1s", "link: -jitter: negative\n"},
		{"-listen 127.0.0.1:0 -to 127.0.0.1:1 -loss 1.5", "link: -loss: not a probability between 0 and 1\n"},
		{"-listen 127.0.0.1:0 -to 127.0.0.1:1 -reorder NaN", "link: -reorder: not a probability between 0 and 1\n"},
	}
	for _, tt := range tests {
		t.Run(tt.args, func(t *testing.T) {
			var stderr bytes.Buffer
			assert.Equal(t, cli.ExitUsage, cli.Run(t.Context(), program(), strings.Fields(tt.args), nil, io.Discard, &stderr))
			assert.Equal(t, tt.want, stderr.String())
		})
	}
	var stderr bytes.Buffer
	assert.Equal(t, cli.ExitFail, cli.Run(t.Context(), program(), []string{"-listen", "192.0.2.1:1", "-to", "127.0.0.1:1"}, nil, io.Discard, &stderr))
	assert.Contains(t, stderr.String(), "link: listen tcp 192.0.2.1:1: ")
}

func TestMapAndDialogue(t *testing.T) {
	target, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer target.Close()
	go func() {
		c, err := target.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		b, _ := io.ReadAll(c)
		c.Write(bytes.ToUpper(b))
	}()
	file := filepath.Join(t.TempDir(), "map")
	require.NoError(t, os.WriteFile(file, []byte("www.example.com:80 "+target.Addr().String()+"\n"), 0o600))
	p := start(t, "-v", "-map", file, "-listen", "127.0.0.1:0", "-to", "www.example.com:80")
	c, err := net.Dial("tcp", p.addr)
	require.NoError(t, err)
	defer c.Close()
	_, err = c.Write([]byte("hello\r\n"))
	require.NoError(t, err)
	require.NoError(t, c.(*net.TCPConn).CloseWrite())
	got, err := io.ReadAll(c)
	require.NoError(t, err)
	assert.Equal(t, "HELLO\r\n", string(got))
	p.stop(t)
	assert.Contains(t, p.stderr.String(), "C: hello\n")
	assert.Contains(t, p.stderr.String(), "S: HELLO\n")
}
