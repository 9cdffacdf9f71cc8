package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/netip"
	"runtime"
	"testing"
	"time"

	"applayer/sockets"
	"applayer/sockets/berkeley"
	"applayer/sockets/pcap"
)

// drivePcap reads b.N packets of a capture.
func drivePcap(b *testing.B, _ string) error {
	const packets = 1000
	capture, err := writeCapture(packets)
	if err != nil {
		return err
	}
	src := bytes.NewReader(capture)
	r := pcap.NewReader(src)
	var p pcap.Packet
	if err := r.Read(&p); err != nil { // grows p and the reader's buffer
		return err
	}
	b.SetBytes(int64(len(capture) / packets))
	b.ResetTimer()
	for i := 1; i <= b.N; i++ {
		if i%packets == 0 {
			b.StopTimer()
			src.Reset(capture)
			r = pcap.NewReader(src)
			b.StartTimer()
		}
		if err := r.Read(&p); err != nil {
			return err
		}
	}
	return nil
}

// writeCapture makes a classic capture of full segments.
func writeCapture(packets int) ([]byte, error) {
	var out bytes.Buffer
	w := pcap.NewWriter(&out, nil)
	data := make([]byte, 1460)
	for i := range packets {
		if err := w.Write(time.Unix(int64(i), 0), data); err != nil {
			return nil, err
		}
	}
	return out.Bytes(), w.Flush()
}

// startIdle serves connections that wait for a first octet; a handler says by
// one of its own that it is there.
func startIdle() (*server, error) {
	return startStream(&sockets.Server{
		Limits: sockets.Limits{MaxConnsPerPeer: -1},
		Handler: sockets.HandlerFunc(func(_ context.Context, c *sockets.Conn) {
			var b [512]byte
			if _, err := c.Write(b[:1]); err == nil {
				_, _ = c.Read(b[:])
			}
		}),
	})
}

// driveIdle opens connections that say nothing, and reports the heap and the
// stacks that each costs the server. The clients are bare descriptors, which
// cost nothing of either.
func driveIdle(b *testing.B, addr string) error {
	total := 0.0
	b.ResetTimer()
	b.StartTimer()
	for range b.N {
		octets, err := idleCost(addr, 400)
		if err != nil {
			return err
		}
		total += octets
	}
	b.ReportMetric(total/float64(b.N), "B/conn")
	return nil
}

func idleCost(addr string, conns int) (float64, error) {
	to, err := netip.ParseAddrPort(addr)
	if err != nil {
		return 0, err
	}
	warm, err := net.Dial("tcp", addr) // what the server allocates once
	if err != nil {
		return 0, err
	}
	defer warm.Close()
	if _, err := warm.Read(make([]byte, 1)); err != nil {
		return 0, err
	}
	before := memory()
	fds := make([]berkeley.FD, 0, conns)
	defer func() {
		for _, fd := range fds {
			fd.Close()
		}
	}()
	for range conns {
		fd, err := berkeley.Socket(berkeley.PF_INET, berkeley.SOCK_STREAM, 0)
		if err != nil {
			return 0, err
		}
		fds = append(fds, fd)
		if err := greeted(fd, to); err != nil {
			return 0, fmt.Errorf("connection %d: %w", len(fds), err)
		}
	}
	return (memory() - before) / float64(conns), nil
}

// greeted connects and takes the octet by which the handler says that it runs.
func greeted(fd berkeley.FD, to netip.AddrPort) error {
	sa, err := berkeley.SockaddrFrom(to)
	if err != nil {
		return err
	}
	if err := fd.Connect(sa); err != nil {
		return err
	}
	var b [1]byte
	_, err = fd.Recv(b[:], 0)
	return err
}

// memory is what heap and stacks hold after a collection.
func memory() float64 {
	runtime.GC()
	runtime.GC() // the second frees what the first finalized
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc + m.StackInuse)
}
