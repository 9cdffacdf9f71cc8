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
	// drive does b.N operations against the server at addr. It is nil where
	// each implementation has its own bench.
	drive func(b *testing.B, addr string) error
}

// implementation is one side of a comparison.
type implementation struct {
	name string
	// start begins to serve on a free port of 127.0.0.1. It is nil where the
	// subject needs no server.
	start func() (*server, error)
	// bench does b.N operations itself, where the subject has no drive.
	bench func(b *testing.B) error
}

// server is a server under way.
type server struct {
	addr string
	stop func() error
}

var subjects = []subject{
	{"tcp-echo", []implementation{
		{name: "applayer", start: startTCP}, {name: "bare", start: startBareTCP},
		{name: "gnet", start: startGnet}, {name: "netpoll", start: startNetpoll},
	}, driveTCP},
	{"udp-echo", []implementation{{name: "applayer", start: startUDP}, {name: "bare", start: startBareUDP}}, driveUDP},
	{"udp-saturated", []implementation{
		{name: "batched", start: startBatchedUDP}, {name: "applayer", start: startUDP}, {name: "bare", start: startBareUDP},
	}, saturateUDP},
	{"pcap-packet", []implementation{{name: "applayer"}}, drivePcap},
	{"idle-connection", []implementation{{name: "applayer", start: startIdle}}, driveIdle},
	{"http-parse-request", []implementation{
		{name: "applayer", bench: parseRequest}, {name: "offsets", bench: parseRequestHead},
		{name: "net/http", bench: parseRequestNetHTTP}, {name: "fasthttp", bench: parseRequestFastHTTP},
	}, nil},
	{"http-parse-response", []implementation{
		{name: "applayer", bench: parseResponse}, {name: "net/http", bench: parseResponseNetHTTP},
		{name: "fasthttp", bench: parseResponseFastHTTP},
	}, nil},
}

// run is the benchmark of one implementation.
func (s subject) run(b *testing.B, impl implementation) (err error) {
	if impl.bench != nil {
		return impl.bench(b)
	}
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
