package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// loadNames is how many names the zone has that dnsperf asks for.
const loadNames = 1000

// loadZone is the origin of that zone.
const loadZone = "load.example."

// loadZoneText is the zone as a master file.
func loadZoneText() string {
	var b strings.Builder
	fmt.Fprintf(&b, "$ORIGIN %s\n$TTL 3600\n@ SOA ns hostmaster 1 3600 900 604800 300\n@ NS ns\nns A 192.0.2.53\n", loadZone)
	for i := range loadNames {
		fmt.Fprintf(&b, "host%d A 192.0.2.%d\n", i, i%256)
	}
	return b.String()
}

// loadFolder has the zone's file and dnsperf's questions. It is made once, and
// removed by [removeLoad].
var loadFolder = sync.OnceValues(func() (dir string, err error) {
	if dir, err = os.MkdirTemp("", "compare"); err != nil {
		return "", err
	}
	madeLoad = dir
	var questions strings.Builder
	for i := range loadNames {
		// Names far from each other come one after another.
		fmt.Fprintf(&questions, "host%d.%s A\n", i*617%loadNames, loadZone)
	}
	return dir, errors.Join(
		os.Chmod(dir, 0o755),
		os.WriteFile(filepath.Join(dir, "zone"), []byte(loadZoneText()), 0o644),
		os.WriteFile(filepath.Join(dir, "questions"), []byte(questions.String()), 0o644))
})

var madeLoad string

func removeLoad() {
	if madeLoad != "" {
		os.RemoveAll(madeLoad)
	}
}

// losses is which part of the questions a server may leave without an answer.
// Ours may lose none; what a peer loses does not end the comparison.
type losses float64

const (
	noLosses  losses = 0
	fewLosses losses = 0.01
)

// underLoad has dnsperf ask a server for b.N seconds.
func underLoad(start func(dir string) (*server, error), lost losses) func(b *testing.B) error {
	return loaded(start, lost, func(b *testing.B, addr, dir string) error {
		rate, err := dnsperf(addr, dir, lost, "-l", strconv.Itoa(b.N))
		if err != nil {
			return err
		}
		b.ReportMetric(1e9/rate, "ns/op")
		return nil
	})
}

// loaded starts a server and has its cache filled before it is measured.
func loaded(start func(dir string) (*server, error), lost losses, measure func(b *testing.B, addr, dir string) error) func(b *testing.B) error {
	return func(b *testing.B) (err error) {
		dir, err := loadFolder()
		if err != nil {
			return err
		}
		srv, err := start(dir)
		if err != nil {
			return err
		}
		defer func() {
			b.StopTimer()
			err = errors.Join(err, srv.stop())
		}()
		// The first round fills a resolver's cache.
		if _, err := dnsperf(srv.addr, dir, lost, "-n", "1"); err != nil {
			return err
		}
		b.ResetTimer()
		return measure(b, srv.addr, dir)
	}
}

// dnsperf asks the server at addr, and returns how many questions it answered a
// second. More questions without an answer than it may lose are an error, and so
// is an answer other than NOERROR.
func dnsperf(addr, dir string, lost losses, args ...string) (rate float64, err error) {
	out, err := runDNSPerf(addr, dir, args...)
	if err != nil {
		return 0, err
	}
	return parseDNSPerf(out, lost)
}

func runDNSPerf(addr, dir string, args ...string) (string, error) {
	host, port, _ := strings.Cut(addr, ":")
	args = append([]string{"-s", host, "-p", port, "-d", filepath.Join(dir, "questions"), "-c", "8", "-T", "1", "-q", "200"}, args...)
	out, err := exec.Command("dnsperf", args...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("dnsperf: %w\n%s", err, out)
	}
	return string(out), nil
}

var (
	perfRate  = regexp.MustCompile(`Queries per second: +([0-9.]+)`)
	perfSent  = regexp.MustCompile(`Queries sent: +([0-9]+)`)
	perfRight = regexp.MustCompile(`Response codes: +NOERROR ([0-9]+) \(100\.00%\)`)
)

// parseDNSPerf takes what dnsperf prints.
func parseDNSPerf(out string, lost losses) (rate float64, err error) {
	sent, right, m := perfSent.FindStringSubmatch(out), perfRight.FindStringSubmatch(out), perfRate.FindStringSubmatch(out)
	if sent == nil || right == nil || m == nil {
		return 0, fmt.Errorf("dnsperf: answers that are wrong:\n%s", out)
	}
	asked, err1 := strconv.ParseFloat(sent[1], 64)
	answered, err2 := strconv.ParseFloat(right[1], 64)
	if err1 != nil || err2 != nil || asked-answered > asked*float64(lost) {
		return 0, fmt.Errorf("dnsperf: questions without their answer:\n%s", out)
	}
	if rate, err = strconv.ParseFloat(m[1], 64); err == nil && rate == 0 {
		err = errors.New("dnsperf: no questions")
	}
	return rate, err
}

// daemon runs a program in the foreground until it is stopped; answers says
// whether it serves.
func daemon(addr string, dir string, name string, args ...string) (*server, error) {
	return anywhere.daemon(addr, dir, name, args...)
}

func (p processors) daemon(addr string, dir string, name string, args ...string) (*server, error) {
	var log strings.Builder
	cmd := p.command(name, args...)
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	stop := func() error {
		err := cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait() // what it says of the signal
		return errors.Join(err, os.RemoveAll(dir))
	}
	if err := awaitListener(addr); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", name, err), stop(), errors.New(log.String()))
	}
	return &server{addr, stop}, nil
}
