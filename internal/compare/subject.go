package main

import (
	"fmt"
	"os/exec"
	"slices"
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
	// programs are those of others that it takes.
	programs []string
	// unit is that of what is measured, if it is not time.
	unit string
}

// measured is the unit of what is measured.
func (s subject) measured() string {
	if s.unit == "" {
		return "ns/op"
	}
	return s.unit
}

// missing names the programs that are not there.
func (s subject) missing() (names []string) {
	for _, p := range s.programs {
		if _, err := exec.LookPath(p); err != nil {
			names = append(names, p)
		}
	}
	return names
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

// subjects are all that there is to measure.
var subjects = slices.Concat(socketSubjects, httpSubjects, dnsCodecSubjects, dnsZoneSubjects, dnsServerSubjects, ftpCodecSubjects, ftpSubjects,
	mimeSubjects, mimeCodecSubjects, smtpCodecSubjects, smtpSubjects, pop3Subjects)

var socketSubjects = []subject{
	{name: "tcp-echo", implementations: []implementation{
		{name: "applayer", start: startTCP}, {name: "bare", start: startBareTCP},
		{name: "gnet", start: startGnet}, {name: "netpoll", start: startNetpoll},
	}, drive: driveTCP},
	{name: "udp-echo", implementations: []implementation{
		{name: "applayer", start: startUDP}, {name: "bare", start: startBareUDP},
	}, drive: driveUDP},
	{name: "udp-saturated", implementations: []implementation{
		{name: "batched", start: startBatchedUDP}, {name: "applayer", start: startUDP}, {name: "bare", start: startBareUDP},
	}, drive: saturateUDP},
	{name: "pcap-packet", implementations: []implementation{{name: "applayer"}}, drive: drivePcap},
	{name: "idle-connection", implementations: []implementation{{name: "applayer", start: startIdle}}, drive: driveIdle, unit: "B/conn"},
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
