package upper_test

import (
	"bufio"
	"io"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/examples/internal/upper"
	"applayer/internal/testkit"
)

// dialTo makes a dialler whose connections each go to a new run of server,
// and counts them.
func dialTo(t *testing.T, server func(net.Conn)) (dial func() (upper.Conn, error), dials *int) {
	var serving sync.WaitGroup
	t.Cleanup(serving.Wait)
	dials = new(int)
	return func() (upper.Conn, error) {
		*dials++
		client, peer := testkit.Pipe()
		serving.Go(func() {
			defer peer.Close()
			server(peer)
		})
		return client.(upper.Conn), nil
	}, dials
}

func stream(c net.Conn) { upper.ServeStream(c) }

// oneReceive answers one receive of 1024 octets, as the textbook's server.
func oneReceive(c net.Conn) {
	buf := make([]byte, 1024)
	n, _ := c.Read(buf)
	c.Write(upper.Append(nil, buf[:n]))
}

func TestClient(t *testing.T) {
	long := strings.Repeat("long ", 100_000) + "\n"
	tests := []struct {
		name   string
		server func(net.Conn)
		lines  []string
		want   []string
		dials  int
	}{
		{"one connection for all lines", stream, []string{"a\n", "b\n", "ñ\n"}, []string{"A\n", "B\n", "Ñ\n"}, 1},
		{"the last line has no end", stream, []string{"a\n", "b"}, []string{"A\n", "B"}, 1},
		{"a line longer than all buffers", stream, []string{long, "x\n"}, []string{strings.ToUpper(long), "X\n"}, 1},
		{"the server closes after each reply", oneReceive, []string{"a\n", "b\n", "c"}, []string{"A\n", "B\n", "C"}, 3},
		{"a reply without a line end", func(c net.Conn) {
			line, _ := bufio.NewReader(c).ReadString('\n')
			io.WriteString(c, strings.ToUpper(strings.TrimSpace(line)))
		}, []string{"a\n", "b\n"}, []string{"A", "B"}, 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dial, dials := dialTo(t, tt.server)
			client := &upper.Client{Dial: dial}
			defer client.Close()
			for i, line := range tt.lines {
				got, err := client.Convert([]byte(line))
				require.NoError(t, err)
				assert.Equal(t, tt.want[i], string(got))
			}
			assert.Equal(t, tt.dials, *dials)
		})
	}
}

func TestClientTellsThatNoReplyCame(t *testing.T) {
	dial, dials := dialTo(t, func(c net.Conn) { c.Read(make([]byte, 10)) })
	client := &upper.Client{Dial: dial}
	_, err := client.Convert([]byte("a\n"))
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	assert.Equal(t, 1, *dials, "a fresh connection is not tried twice")
}

func TestServeStreamAnswersBeforeTheLineEnds(t *testing.T) {
	dial, _ := dialTo(t, stream)
	conn, err := dial()
	require.NoError(t, err)
	defer conn.Close()
	reply := make([]byte, 3)
	io.WriteString(conn, "abc")
	_, err = io.ReadFull(conn, reply)
	require.NoError(t, err)
	assert.Equal(t, "ABC", string(reply))
}
