package pcap_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/testkit"
	"applayer/sockets/pcap"
)

// recorded gives the conversations in a capture.
func recorded(t *testing.T, b []byte) (all []*pcap.Conversation) {
	t.Helper()
	for c, err := range pcap.Conversations(bytes.NewReader(b)) {
		require.NoError(t, err)
		all = append(all, c)
	}
	return all
}

func TestRecorderConn(t *testing.T) {
	for _, network := range []string{"tcp", "unix"} {
		t.Run(network, func(t *testing.T) {
			for _, server := range []bool{false, true} {
				n := testkit.NewNetwork()
				ln, err := n.Listen(t.Context(), network, map[string]string{"tcp": "127.0.0.1:0", "unix": "name"}[network])
				require.NoError(t, err)
				client, err := n.Dial(t.Context(), network, ln.Addr().String())
				require.NoError(t, err)
				accepted, err := ln.Accept()
				require.NoError(t, err)
				var file bytes.Buffer
				r := pcap.NewRecorder(&file, nil)
				if server {
					accepted = r.Conn(accepted, true)
				} else {
					client = r.Conn(client, false)
				}
				_, err = client.Write([]byte("hello"))
				require.NoError(t, err)
				require.NoError(t, client.(interface{ CloseWrite() error }).CloseWrite())
				got, err := io.ReadAll(accepted)
				require.NoError(t, err)
				_, err = accepted.Write(bytes.ToUpper(got))
				require.NoError(t, err)
				require.NoError(t, accepted.Close())
				_, err = io.ReadAll(client)
				require.NoError(t, err)
				require.NoError(t, client.Close())
				require.NoError(t, r.Close())
				require.NoError(t, r.Close())
				require.NoError(t, ln.Close())

				all := recorded(t, file.Bytes())
				require.Len(t, all, 1)
				assert.Equal(t, "tcp", all[0].Network)
				assert.Equal(t, "hello", string(all[0].Client.Data))
				assert.Equal(t, "HELLO", string(all[0].Server.Data))
				assert.True(t, all[0].Closed)
				if network == "tcp" {
					assert.Equal(t, ln.Addr().String(), all[0].Server.Addr.String())
				}
			}
		})
	}
}

// TestRecorderCloseEndsTheOpen: a connection still open has its FINs in the
// capture, and is recorded no more.
func TestRecorderCloseEndsTheOpen(t *testing.T) {
	client, server := testkit.Pipe()
	defer server.Close()
	var file bytes.Buffer
	r := pcap.NewRecorder(&file, nil)
	nc := r.Conn(client, false)
	_, err := nc.Write([]byte("recorded"))
	require.NoError(t, err)
	require.NoError(t, r.Close())
	_, err = nc.Write([]byte(", not recorded"))
	require.NoError(t, err)
	require.NoError(t, nc.Close())
	all := recorded(t, file.Bytes())
	require.Len(t, all, 1)
	assert.Equal(t, "recorded", string(all[0].Client.Data))
	assert.True(t, all[0].Closed)
}

func TestRecorderTellsTheFirstError(t *testing.T) {
	client, server := testkit.Pipe()
	defer server.Close()
	r := pcap.NewRecorder(brokenWriter{}, nil)
	nc := r.Conn(client, false)
	_, err := nc.Write([]byte("goes on"))
	require.NoError(t, err, "the dialogue does not suffer")
	require.NoError(t, nc.Close())
	assert.ErrorIs(t, r.Close(), io.ErrClosedPipe)
}

// TestRecorderManyAtOnce: connections written by many goroutines come out
// whole; the race detector looks on.
func TestRecorderManyAtOnce(t *testing.T) {
	var file bytes.Buffer
	r := pcap.NewRecorder(&file, nil)
	var all sync.WaitGroup
	n := testkit.NewNetwork()
	ln, err := n.Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer ln.Close()
	for range 8 {
		client, err := n.Dial(t.Context(), "tcp", ln.Addr().String())
		require.NoError(t, err)
		server, err := ln.Accept()
		require.NoError(t, err)
		nc := r.Conn(client, false)
		all.Go(func() {
			defer server.Close()
			_, _ = io.Copy(server, server)
		})
		all.Go(func() {
			defer nc.Close()
			b := make([]byte, 100)
			for range 20 {
				_, err := nc.Write(b)
				assert.NoError(t, err)
				_, err = io.ReadFull(nc, b)
				assert.NoError(t, err)
			}
		})
	}
	all.Wait()
	require.NoError(t, r.Close())
	got := recorded(t, file.Bytes())
	require.Len(t, got, 8)
	for _, c := range got {
		assert.Len(t, c.Client.Data, 2000)
		assert.Equal(t, c.Client.Data, c.Server.Data)
		assert.True(t, c.Closed)
	}
}

func TestRecorderDatagrams(t *testing.T) {
	for _, host := range []string{"127.0.0.1", "[::1]"} {
		for _, connected := range []bool{false, true} {
			n := testkit.NewNetwork()
			server, err := n.ListenPacket(t.Context(), "udp", host+":0")
			require.NoError(t, err)
			var file bytes.Buffer
			r := pcap.NewRecorder(&file, nil)
			peer, err := n.Dial(t.Context(), "udp", server.LocalAddr().String())
			require.NoError(t, err)
			if connected {
				peer = r.Conn(peer, false)
			} else {
				server = r.PacketConn(server)
			}
			b := make([]byte, 100)
			for _, text := range []string{"one", "", "three"} {
				_, err = peer.Write([]byte(text))
				require.NoError(t, err)
				k, from, err := server.ReadFrom(b)
				require.NoError(t, err)
				_, err = server.WriteTo(bytes.ToUpper(b[:k]), from)
				require.NoError(t, err)
				_, err = peer.Read(b)
				require.NoError(t, err)
			}
			require.NoError(t, peer.Close())
			require.NoError(t, server.Close())
			require.NoError(t, r.Close())
			all := recorded(t, file.Bytes())
			require.Len(t, all, 1)
			var said []string
			for _, s := range all[0].Segments {
				said = append(said, string(s.Data))
			}
			assert.Equal(t, []string{"one", "ONE", "", "", "three", "THREE"}, said)
			assert.Equal(t, peer.LocalAddr().String(), all[0].Client.Addr.String())
		}
	}
}

// TestRecorderOnSystemSockets: sockets bound to no address are shown on
// loopback, and Unix-domain datagrams as UDP.
func TestRecorderOnSystemSockets(t *testing.T) {
	var file bytes.Buffer
	r := pcap.NewRecorder(&file, nil)
	wild, err := net.ListenPacket("udp4", "0.0.0.0:0")
	require.NoError(t, err)
	server := r.PacketConn(wild)
	defer server.Close()
	port := wild.LocalAddr().(*net.UDPAddr).Port
	peer, err := net.DialUDP("udp4", nil, &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port})
	require.NoError(t, err)
	defer peer.Close()
	_, err = peer.Write([]byte("hello"))
	require.NoError(t, err)
	b := make([]byte, 10)
	_, _, err = server.ReadFrom(b)
	require.NoError(t, err)

	path := filepath.Join(t.TempDir(), "s")
	ux, err := net.ListenPacket("unixgram", path)
	if err == nil {
		defer ux.Close()
		nc, err := net.Dial("unixgram", path)
		require.NoError(t, err)
		nc = r.Conn(nc, false)
		_, err = nc.Write([]byte("unix"))
		require.NoError(t, err)
		require.NoError(t, nc.Close())
		tapped := r.PacketConn(ux)
		_, _, err = tapped.ReadFrom(b)
		require.NoError(t, err)
	}
	require.NoError(t, r.Close())
	all := recorded(t, file.Bytes())
	require.NotEmpty(t, all)
	assert.Equal(t, "hello", string(all[0].Client.Data))
	assert.Equal(t, "127.0.0.1", all[0].Server.Addr.Addr().String())
	if err == nil {
		require.Len(t, all, 2)
		assert.Equal(t, "udp", all[1].Network)
		assert.Equal(t, "unix", string(all[1].Client.Data))
	}
}

// plain is a connection that cannot be half-closed.
type plain struct{ net.Conn }

func TestRecorderCloseWriteNeedsOneBelow(t *testing.T) {
	client, server := testkit.Pipe()
	defer server.Close()
	nc := pcap.NewRecorder(io.Discard, nil).Conn(plain{client}, false)
	defer nc.Close()
	assert.ErrorIs(t, nc.(interface{ CloseWrite() error }).CloseWrite(), errors.ErrUnsupported)
}

// TestRecorderPortsComeAgain: two connections between the same ports are two
// conversations.
func TestRecorderPortsComeAgain(t *testing.T) {
	var file bytes.Buffer
	r := pcap.NewRecorder(&file, nil)
	for _, text := range []string{"first", "second"} {
		client, server := testkit.Pipe()
		nc := r.Conn(client, false)
		_, err := nc.Write([]byte(text))
		require.NoError(t, err)
		require.NoError(t, server.Close())
		_, err = nc.Read(make([]byte, 1))
		require.ErrorIs(t, err, io.EOF)
		require.NoError(t, nc.Close())
	}
	require.NoError(t, r.Close())
	all := recorded(t, file.Bytes())
	require.Len(t, all, 2)
	assert.Equal(t, "first", string(all[0].Client.Data))
	assert.Equal(t, "second", string(all[1].Client.Data))
}
