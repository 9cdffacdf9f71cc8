package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
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
// stacks that each costs the server.
func driveIdle(b *testing.B, addr string) error { return reportIdle(b, addr, greeted) }

// reportIdle reports the heap and the stacks that a connection costs the server
// once settle is done with it. The clients are bare descriptors, which cost
// nothing of either.
func reportIdle(b *testing.B, addr string, settle func(berkeley.FD) error) error {
	total := 0.0
	b.ResetTimer()
	b.StartTimer()
	for range b.N {
		octets, err := idleCost(addr, 400, settle)
		if err != nil {
			return err
		}
		total += octets
	}
	b.ReportMetric(total/float64(b.N), "B/conn")
	return nil
}

func idleCost(addr string, conns int, settle func(berkeley.FD) error) (float64, error) {
	to, err := netip.ParseAddrPort(addr)
	if err != nil {
		return 0, err
	}
	fds := make([]berkeley.FD, 0, conns+1)
	defer func() {
		for _, fd := range fds {
			fd.Close()
		}
	}()
	before := 0.0
	for i := range conns + 1 {
		fd, err := connected(to)
		if err != nil {
			return 0, err
		}
		fds = append(fds, fd)
		if err := settle(fd); err != nil {
			return 0, fmt.Errorf("connection %d: %w", i, err)
		}
		if i == 0 {
			before = memory() // with what the server allocates once
		}
	}
	return (memory() - before) / float64(conns), nil
}

func connected(to netip.AddrPort) (berkeley.FD, error) {
	sa, err := berkeley.SockaddrFrom(to)
	if err != nil {
		return 0, err
	}
	fd, err := berkeley.Socket(berkeley.PF_INET, berkeley.SOCK_STREAM, 0)
	if err != nil {
		return 0, err
	}
	if err := errors.Join(fd.SetNoDelay(true), fd.Connect(sa)); err != nil {
		return 0, errors.Join(err, fd.Close())
	}
	return fd, nil
}

// greeted takes the octet by which the handler says that it runs.
func greeted(fd berkeley.FD) error {
	var b [1]byte
	_, err := fd.Recv(b[:], 0)
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
