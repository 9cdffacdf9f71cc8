package main

import (
	"fmt"
	"testing"
)

// subject is one thing to measure, with the implementations that are set
// beside one another. The first is ours.
type subject struct {
	name            string
	implementations []implementation
	// drive does b.N operations against the server at addr.
	drive func(b *testing.B, addr string) error
}

// implementation is one side of a comparison.
type implementation struct {
	name string
	// start begins to serve on a free port of 127.0.0.1. It is nil where the
	// subject needs no server.
	start func() (*server, error)
}

// server is a server under way.
type server struct {
	addr string
	stop func() error
}

var subjects = []subject{
	{"tcp-echo", []implementation{
		{"applayer", startTCP}, {"bare", startBareTCP}, {"gnet", startGnet}, {"netpoll", startNetpoll},
	}, driveTCP},
	{"udp-echo", []implementation{{"applayer", startUDP}, {"bare", startBareUDP}}, driveUDP},
	{"udp-saturated", []implementation{
		{"batched", startBatchedUDP}, {"applayer", startUDP}, {"bare", startBareUDP},
	}, saturateUDP},
	{"pcap-packet", []implementation{{"applayer", nil}}, drivePcap},
	{"idle-connection", []implementation{{"applayer", startIdle}}, driveIdle},
}

// run is the benchmark of one implementation.
func (s subject) run(b *testing.B, impl implementation) (err error) {
	if impl.start == nil {
		return s.drive(b, "")
	}
	b.StopTimer()
	srv, err := impl.start()
	if err != nil {
		return fmt.Errorf("start: %w", err)
	}
	defer func() {
		b.StopTimer()
		if stopErr := srv.stop(); err == nil && stopErr != nil {
			err = fmt.Errorf("stop: %w", stopErr)
		}
	}()
	return s.drive(b, srv.addr)
}

// measure runs the benchmark as go test would.
func (s subject) measure(impl implementation) (testing.BenchmarkResult, error) {
	var failed error
	r := testing.Benchmark(func(b *testing.B) {
		b.ReportAllocs()
		if failed = s.run(b, impl); failed != nil {
			b.FailNow()
		}
	})
	if failed != nil {
		return r, fmt.Errorf("%s: %s: %w", s.name, impl.name, failed)
	}
	return r, nil
}

// find returns the implementation of that name.
func (s subject) find(name string) (implementation, bool) {
	for _, impl := range s.implementations {
		if impl.name == name {
			return impl, true
		}
	}
	return implementation{}, false
}
