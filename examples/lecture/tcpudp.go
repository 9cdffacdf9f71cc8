package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"applayer/sockets"
	"applayer/sockets/link"
)

var tcpudpScene = Scene{
	Name:  "tcpudp",
	Title: "the same octets over a bad link by UDP and by TCP; what each service gives, what applications need",
	Run:   playTCPUDP,
}

const (
	bulkAddr     = "receiver.example:9"
	bulkCount    = 1000
	bulkSize     = 200 // octets a datagram, the first four its number
	bulkInterval = time.Millisecond
)

// badLink is the scene's link. Its fixed seed decides what is lost and
// doubled, whatever the clock does.
func badLink() *link.Link {
	return &link.Link{
		Delay: 50 * time.Millisecond, Jitter: 40 * time.Millisecond,
		Loss: 0.10, Duplicate: 0.02, Seed: 1,
	}
}

func playTCPUDP(ctx context.Context, n *Net) error {
	for _, act := range []func(context.Context, *Net) error{
		bulkByUDP, bulkByTCP, slowReader, largestDatagram,
	} {
		if err := act(ctx, n); err != nil {
			return err
		}
	}
	n.Printf("the two services of the transport layer:")
	n.Table(transportServices...)
	n.Printf("what applications need of it:")
	n.Table(applicationNeeds...)
	return checkNeeds(n)
}

// dialBulk connects as [Net.Dial] does, without printing each octet.
func (n *Net) dialBulk(ctx context.Context, network, addr string) (net.Conn, error) {
	nc, err := n.network.Dial(ctx, network, n.LocalAddr(network, addr))
	if err != nil {
		return nil, err
	}
	if n.spoil != nil {
		nc = &spoiledConn{Conn: nc, spoil: n.spoil}
	}
	if n.tap != nil {
		nc = n.tap(nc)
	}
	return nc, nil
}

// bulkDatagram is the i-th: its number, then octets that follow from it.
func bulkDatagram(i int) []byte {
	b := bytes.Repeat([]byte{byte(i)}, bulkSize)
	binary.BigEndian.PutUint32(b, uint32(i))
	return b
}

// arrivals is what a receiver of numbered datagrams sees.
type arrivals struct {
	times          [bulkCount]int
	last           int // the highest number yet
	late, spoiled  int
	lost, repeated int
}

func (a *arrivals) add(b []byte) {
	if len(b) != bulkSize {
		a.spoiled++
		return
	}
	i := int(binary.BigEndian.Uint32(b))
	if i >= bulkCount || !bytes.Equal(b, bulkDatagram(i)) {
		a.spoiled++
		return
	}
	a.times[i]++
	if i < a.last {
		a.late++
	}
	a.last = max(a.last, i)
}

func (a *arrivals) count() {
	for _, k := range a.times {
		switch {
		case k == 0:
			a.lost++
		case k > 1:
			a.repeated++
		}
	}
}

func bulkByUDP(ctx context.Context, n *Net) error {
	l := badLink()
	n.Printf("1,000 datagrams over %v ± %v, loss 10 %%, duplicates 2 %%", l.Delay, l.Jitter)
	pc, err := n.ListenPacket(ctx, "udp", bulkAddr)
	if err != nil {
		return err
	}
	defer pc.Close()
	nc, err := l.Dialer(n.dialBulk)(ctx, "udp", bulkAddr)
	if err != nil {
		return err
	}
	defer nc.Close()

	got := make(chan *arrivals)
	go func() {
		var a arrivals
		defer func() { got <- &a }()
		b := make([]byte, 2*bulkSize)
		for {
			size, _, err := pc.ReadFrom(b)
			if err != nil {
				return
			}
			a.add(b[:size])
		}
	}()
	err = sendBulk(ctx, nc)
	// What is under way needs at most Delay + Jitter; a busy machine more.
	time.Sleep(l.Delay + l.Jitter + 200*time.Millisecond)
	pc.SetReadDeadline(time.Now())
	a := <-got
	if err != nil {
		return err
	}
	a.count()
	n.Printf("sent %d, lost %d, doubled %d, out of order %d", bulkCount, a.lost, a.repeated, a.late)
	n.Expect("datagrams lost, by this seed", 96, a.lost)
	n.Expect("datagrams doubled, by this seed", 17, a.repeated)
	n.Expect("some came out of order", true, a.late > 0)
	n.Expect("datagrams with wrong octets", 0, a.spoiled)
	return nil
}

func sendBulk(ctx context.Context, w io.Writer) error {
	tick := time.NewTicker(bulkInterval)
	defer tick.Stop()
	for i := range bulkCount {
		if _, err := w.Write(bulkDatagram(i)); err != nil {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

func bulkByTCP(ctx context.Context, n *Net) error {
	n.Printf("the same octets by TCP over the same link")
	var sent bytes.Buffer
	for i := range bulkCount {
		sent.Write(bulkDatagram(i))
	}
	l := badLink()
	client, server, err := bulkPair(ctx, n, l.Dialer(n.dialBulk))
	if err != nil {
		return err
	}
	defer server.Close()
	defer client.Close()
	defer sockets.WithContext(ctx, client)()
	defer sockets.WithContext(ctx, server)()

	start := time.Now()
	wrong := make(chan error, 1)
	go func() {
		_, err := client.Write(sent.Bytes())
		wrong <- err
	}()
	h := sha256.New()
	size, err := io.CopyN(h, server, int64(sent.Len()))
	if err := errors.Join(err, <-wrong); err != nil {
		return err
	}
	up, _ := l.Counters()
	n.Printf("%d octets in %d ms, %d of %d segments were lost and sent again", size, time.Since(start).Milliseconds(), up.Drops, up.Packets)
	n.Expect("segments were lost", true, up.Drops > 0)
	n.Expect("octets that arrived", int64(sent.Len()), size)
	n.Expect("hash of what arrived", fmt.Sprintf("%x", sha256.Sum256(sent.Bytes())), fmt.Sprintf("%x", h.Sum(nil)))
	return nil
}

// bulkPair makes both ends of a TCP connection.
func bulkPair(ctx context.Context, n *Net, dial func(ctx context.Context, network, addr string) (net.Conn, error)) (client, server net.Conn, err error) {
	ln, err := n.Listen(ctx, "tcp", bulkAddr)
	if err != nil {
		return nil, nil, err
	}
	defer ln.Close()
	client, err = dial(ctx, "tcp", bulkAddr)
	if err != nil {
		return nil, nil, err
	}
	server, err = ln.Accept()
	if err != nil {
		client.Close()
		return nil, nil, err
	}
	return client, server, nil
}

// slowReader shows flow control: who does not read stops who sends.
func slowReader(ctx context.Context, n *Net) error {
	n.Printf("flow control: a reader that pauses stops the sender")
	client, server, err := bulkPair(ctx, n, n.dialBulk)
	if err != nil {
		return err
	}
	defer server.Close()
	defer client.Close()

	const most = 64 << 20 // more than any receive and send buffer together
	chunk := make([]byte, 64<<10)
	sent, stopped := 0, false
	for sent < most && !stopped {
		if err := client.SetWriteDeadline(time.Now().Add(300 * time.Millisecond)); err != nil {
			return err
		}
		k, err := client.Write(chunk)
		sent += k
		stopped = errors.Is(err, os.ErrDeadlineExceeded)
		if err != nil && !stopped {
			return err
		}
	}
	n.Printf("the sender stands after %d octets", sent)
	n.Expect("the sender was stopped", true, stopped)

	defer sockets.WithContext(ctx, server)()
	size, err := io.CopyN(io.Discard, server, int64(sent))
	if err != nil {
		return err
	}
	n.Expect("nothing of it was lost", int64(sent), size)
	if err := client.SetWriteDeadline(time.Now().Add(time.Second)); err != nil {
		return err
	}
	_, err = client.Write(chunk[:1])
	n.Expect("read out, the connection takes octets again", nil, err)
	return nil
}

// largestDatagram settles one of the slides' slips.
func largestDatagram(ctx context.Context, n *Net) error {
	n.Printf("largest datagram: the slides say 65,500; UDP over IPv4 carries 65,535 − 20 − 8 = 65,507 octets")
	pc, err := n.ListenPacket(ctx, "udp", bulkAddr)
	if err != nil {
		return err
	}
	defer pc.Close()
	nc, err := n.dialBulk(ctx, "udp", bulkAddr)
	if err != nil {
		return err
	}
	defer nc.Close()
	b := make([]byte, 65_536)
	if err := pc.SetReadDeadline(time.Now().Add(time.Second)); err != nil {
		return err
	}
	for _, want := range []int{65_500, 65_507} {
		if _, err := nc.Write(b[:want]); err != nil {
			n.Printf("this system is content with less: %v", err)
			return nil
		}
		size, _, err := pc.ReadFrom(b)
		if err != nil {
			return err
		}
		n.Expect("octets of a datagram", want, size)
	}
	_, err = nc.Write(b[:65_508])
	n.Expect("65,508 are refused", true, err != nil)
	return nil
}
