package link_test

import (
	"encoding/binary"
	"net"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/testkit"
	"applayer/sockets/link"
)

// tally is what became of numbered datagrams.
type tally struct{ arrived, lost, doubled, late int }

// playDatagrams sends n datagrams of 100 octets, one each millisecond.
func playDatagrams(t *testing.T, l *link.Link, n int, down bool) (got tally) {
	network := testkit.NewNetwork()
	pc, err := network.ListenPacket(t.Context(), "udp", "192.0.2.1:9")
	require.NoError(t, err)
	nc, err := network.Dial(t.Context(), "udp", "192.0.2.1:9")
	require.NoError(t, err)
	var shaped net.PacketConn
	if down {
		shaped = l.PacketConn(pc)
		pc = shaped
	} else {
		nc = l.Conn(nc)
	}
	defer pc.Close()
	defer nc.Close()
	go func() {
		for i := range n {
			b := make([]byte, 100)
			binary.BigEndian.PutUint32(b, uint32(i))
			nc.Write(b)
			time.Sleep(time.Millisecond)
		}
	}()
	times := make([]int, n)
	last := -1
	require.NoError(t, pc.SetReadDeadline(time.Now().Add(time.Hour)))
	for {
		b := make([]byte, 200)
		k, _, err := pc.ReadFrom(b)
		if err != nil {
			require.ErrorIs(t, err, os.ErrDeadlineExceeded)
			break
		}
		require.Equal(t, 100, k)
		i := int(binary.BigEndian.Uint32(b))
		times[i]++
		if i < last {
			got.late++
		}
		last = max(last, i)
	}
	for _, k := range times {
		switch k {
		case 0:
			got.lost++
		case 1:
			got.arrived++
		default:
			got.arrived++
			got.doubled++
		}
	}
	return got
}

func TestDatagramFates(t *testing.T) {
	tests := []struct {
		name string
		link func() *link.Link
		want tally
	}{
		{"a perfect link", func() *link.Link { return &link.Link{} }, tally{arrived: 1000}},
		{"delay alone keeps the order", func() *link.Link { return &link.Link{Delay: time.Second} }, tally{arrived: 1000}},
		{"loss", func() *link.Link { return &link.Link{Loss: 0.1, Seed: 1} }, tally{arrived: 904, lost: 96}},
		{"loss, another seed", func() *link.Link { return &link.Link{Loss: 0.1, Seed: 2} }, tally{arrived: 908, lost: 92}},
		{"all lost", func() *link.Link { return &link.Link{Loss: 1} }, tally{lost: 1000}},
		{"duplicates", func() *link.Link { return &link.Link{Duplicate: 0.02, Seed: 1} }, tally{arrived: 1000, doubled: 19}},
		{"all twice", func() *link.Link { return &link.Link{Duplicate: 1} }, tally{arrived: 1000, doubled: 1000}},
		{"reordered", func() *link.Link { return &link.Link{Reorder: 0.05, Seed: 1} }, tally{arrived: 1000, late: 49}},
		{"jitter reorders", func() *link.Link {
			return &link.Link{Delay: 50 * time.Millisecond, Jitter: 40 * time.Millisecond, Seed: 1}
		}, tally{arrived: 1000, late: 844}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				for range 2 {
					l := tt.link()
					assert.Equal(t, tt.want, playDatagrams(t, l, 1000, false))
					up, down := l.Counters()
					assert.EqualValues(t, tt.want.lost, up.Drops)
					assert.EqualValues(t, tt.want.doubled, up.Duplicates)
					assert.EqualValues(t, 1000+tt.want.doubled, up.Packets)
					assert.EqualValues(t, 100*up.Packets, up.Octets)
					assert.Zero(t, down)
				}
			})
		})
	}
}

func TestDatagramsInTheOtherDirection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := link.Link{Loss: 0.1, Seed: 1}
		got := playDatagrams(t, &l, 1000, true)
		up, down := l.Counters()
		assert.Zero(t, up)
		assert.EqualValues(t, got.lost, down.Drops)
		assert.Equal(t, tally{arrived: 912, lost: 88}, got)
	})
}

func TestDatagramQueue(t *testing.T) {
	tests := []struct {
		name       string
		queue, mtu int
		sizes      []int
		want       []int
	}{
		{"five fit into the queue", 5000, 0, []int{1000, 1000, 1000, 1000, 1000, 1000, 1000}, []int{1000, 1000, 1000, 1000, 1000}},
		{"a small one finds room", 1500, 0, []int{1000, 1000, 500, 1}, []int{1000, 500}},
		{"one always has room", 10, 0, []int{1000, 1}, []int{1000}},
		{"no bound", -1, 0, []int{60_000, 60_000, 60_000}, []int{60_000, 60_000, 60_000}},
		{"larger than the MTU", 0, 1500, []int{1501, 1500}, []int{1500}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := testkit.NewNetwork()
				pc, err := n.ListenPacket(t.Context(), "udp", "192.0.2.1:9")
				require.NoError(t, err)
				defer pc.Close()
				from, err := n.ListenPacket(t.Context(), "udp", "192.0.2.2:9")
				require.NoError(t, err)
				l := link.Link{Rate: 8000, Queue: tt.queue, MTU: tt.mtu, Delay: time.Second}
				shaped := l.PacketConn(from)
				start, sum := time.Now(), 0
				for _, k := range tt.sizes {
					_, err := shaped.WriteTo(make([]byte, k), pc.LocalAddr())
					require.NoError(t, err)
				}
				assert.Zero(t, time.Since(start), "datagrams never wait for room")
				require.NoError(t, shaped.Close())
				b := make([]byte, 64<<10)
				for i, want := range tt.want {
					k, addr, err := pc.ReadFrom(b)
					require.NoError(t, err)
					assert.Equal(t, want, k)
					assert.Equal(t, "192.0.2.2:9", addr.String())
					sum += k
					assert.Equal(t, time.Duration(sum)*time.Millisecond+time.Second, time.Since(start), "datagram %d", i)
				}
				require.NoError(t, l.Flush(t.Context()))
				up, _ := l.Counters()
				assert.EqualValues(t, len(tt.sizes)-len(tt.want), up.Drops)
				assert.Equal(t, time.Duration(sum)*time.Millisecond, up.Busy)
			})
		})
	}
}

func TestDatagramRoundTrip(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := testkit.NewNetwork()
		pc, err := n.ListenPacket(t.Context(), "udp", "192.0.2.1:53")
		require.NoError(t, err)
		defer pc.Close()
		go func() {
			b := make([]byte, 512)
			for {
				k, from, err := pc.ReadFrom(b)
				if err != nil {
					return
				}
				pc.WriteTo(b[:k], from)
			}
		}()
		l := link.Link{Delay: time.Second}
		start := time.Now()
		c, err := l.Dialer(n.Dial)(t.Context(), "udp", "192.0.2.1:53")
		require.NoError(t, err)
		assert.Zero(t, time.Since(start), "UDP has no handshake")
		assert.Equal(t, pc.LocalAddr(), c.RemoteAddr())
		_, err = c.Write([]byte("question"))
		require.NoError(t, err)
		b := make([]byte, 4)
		require.NoError(t, c.SetDeadline(start.Add(time.Second)))
		_, err = c.Read(b)
		assert.ErrorIs(t, err, os.ErrDeadlineExceeded)
		_, err = c.Write([]byte("x"))
		assert.ErrorIs(t, err, os.ErrDeadlineExceeded)
		require.NoError(t, c.SetDeadline(time.Time{}))
		k, err := c.Read(b)
		require.NoError(t, err)
		assert.Equal(t, "ques", string(b[:k]))
		assert.Equal(t, 2*time.Second, time.Since(start))
		require.NoError(t, c.Close())
		assert.ErrorIs(t, c.Close(), net.ErrClosed)
		_, err = c.Read(b)
		assert.ErrorIs(t, err, net.ErrClosed)
		_, err = c.Write(b)
		assert.ErrorIs(t, err, net.ErrClosed)
	})
}

func TestDatagramErrorsPass(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := testkit.NewNetwork()
		nc, err := n.Dial(t.Context(), "udp", "192.0.2.1:9")
		require.NoError(t, err)
		var l link.Link
		c := l.Conn(nc)
		defer c.Close()
		_, err = c.Write([]byte("to nobody"))
		require.NoError(t, err)
		_, err = c.Read(make([]byte, 1))
		assert.ErrorIs(t, err, syscall.ECONNREFUSED)

		pc, err := n.ListenPacket(t.Context(), "udp", "192.0.2.1:9")
		require.NoError(t, err)
		_, err = c.Write([]byte("now"))
		require.NoError(t, err)
		_, _, err = pc.ReadFrom(make([]byte, 3))
		require.NoError(t, err, "it was not the end")

		shaped := l.PacketConn(pc)
		assert.Nil(t, shaped.(interface{ RemoteAddr() net.Addr }).RemoteAddr())
		_, err = shaped.WriteTo(make([]byte, 65_508), nc.LocalAddr())
		require.NoError(t, err)
		synctest.Wait()
		_, err = shaped.WriteTo([]byte("x"), nc.LocalAddr())
		assert.ErrorIs(t, err, syscall.EMSGSIZE, "told by the next")
		require.NoError(t, pc.Close())
		_, _, err = shaped.ReadFrom(make([]byte, 1))
		assert.ErrorIs(t, err, net.ErrClosed)
		shaped.Close()
	})
}

// Datagrams of no octets take room too: a flood of them is dropped where
// nobody reads.
func TestEmptyDatagramsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := testkit.NewNetwork()
		pc, err := network.ListenPacket(t.Context(), "udp", "192.0.2.1:9")
		require.NoError(t, err)
		defer pc.Close()
		nc, err := network.Dial(t.Context(), "udp", "192.0.2.1:9")
		require.NoError(t, err)
		l := &link.Link{Delay: time.Second}
		nc = l.Conn(nc)
		defer nc.Close()
		const room = 4 << 20 / 128
		for range room + 1000 {
			_, err := nc.Write(nil)
			require.NoError(t, err)
		}
		up, _ := l.Counters()
		assert.Equal(t, int64(room), up.Packets)
		assert.Equal(t, int64(1000), up.Drops)
	})
}
