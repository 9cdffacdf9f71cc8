package main

import (
	"bytes"
	"flag"
	"io"
	"math"
	"math/rand/v2"
	"net"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cloudwego/netpoll"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestMain(m *testing.M) {
	serveChild()
	status := m.Run()
	removeSite()
	removeLoad()
	removeFTP()
	removeMail()
	removePOP3()
	os.Exit(status)
}

// Every server gives back each octet that it got, however it is cut.
func TestServersEcho(t *testing.T) {
	netpoll.SetLoggerOutput(io.Discard)
	for _, s := range subjects {
		network, _, _ := strings.Cut(s.name, "-")
		if network != "tcp" && network != "udp" {
			continue
		}
		for _, impl := range s.implementations {
			t.Run(s.name+"/"+impl.name, func(t *testing.T) {
				srv, err := impl.start()
				require.NoError(t, err)
				defer func() { assert.NoError(t, srv.stop()) }()
				c, err := net.Dial(network, srv.addr)
				require.NoError(t, err)
				defer c.Close()
				require.NoError(t, c.SetDeadline(time.Now().Add(time.Minute)))
				if network == "tcp" {
					checkStreamEcho(t, c)
				}
				var left atomic.Int64
				left.Store(500)
				assert.NoError(t, echoes(c, udpMessage, &left))
			})
		}
	}
}

// checkStreamEcho sends 200,000 octets in pieces of many sizes.
func checkStreamEcho(t *testing.T, c net.Conn) {
	r := rand.New(rand.NewPCG(1, 2))
	sent := make([]byte, 200_000)
	for i := range sent {
		sent[i] = byte(r.Uint32())
	}
	wrote := make(chan error, 1)
	go func() {
		for b := sent; len(b) > 0; {
			n := min(1+r.IntN(9000), len(b))
			if _, err := c.Write(b[:n]); err != nil {
				wrote <- err
				return
			}
			b = b[n:]
		}
		wrote <- nil
	}()
	got := make([]byte, len(sent))
	_, err := io.ReadFull(c, got)
	require.NoError(t, err)
	require.NoError(t, <-wrote)
	assert.True(t, bytes.Equal(sent, got), "octets differ")
}

// Every server over TCP and every client works, also with several requests in
// one write, over TLS and, where the programs are there, with files.
func TestHTTPSubjectsRun(t *testing.T) {
	before := flag.Lookup("test.benchtime").Value.String()
	require.NoError(t, flag.Set("test.benchtime", "1ms"))
	defer flag.Set("test.benchtime", before)
	for _, s := range httpSubjects {
		if len(s.missing()) == 0 && (len(s.programs) == 0 || s.name == "http-file-1k") {
			for _, impl := range s.implementations {
				r, err := s.measure(impl)
				assert.NoError(t, err, "%s: %s", s.name, impl.name)
				assert.Positive(t, r.N)
			}
		}
	}
}

// Every FTP server and client works, those of others where vsftpd is there.
func TestFTPSubjectsRun(t *testing.T) {
	before := flag.Lookup("test.benchtime").Value.String()
	require.NoError(t, flag.Set("test.benchtime", "1x"))
	defer flag.Set("test.benchtime", before)
	for _, s := range ftpSubjects {
		if len(s.missing()) > 0 {
			t.Log(s.name, "needs", s.missing())
			continue
		}
		for _, impl := range s.implementations {
			r, err := s.measure(impl)
			assert.NoError(t, err, "%s: %s", s.name, impl.name)
			assert.Positive(t, r.N)
		}
	}
}

func TestParseWrk(t *testing.T) {
	const good = "Running 1s test @ http://127.0.0.1:1/\n  1 threads and 32 connections\n  54321 requests in 1.10s, 70.02MB read\n"
	requests, took, err := parseWrk(good)
	require.NoError(t, err)
	assert.Equal(t, 54321, requests)
	assert.Equal(t, 1100*time.Millisecond, took)
	for in, want := range map[string]string{
		"":                                       `wrk printed no count of requests: ""`,
		"  0 requests in 1.00s, 0.00B":           "wrk: no requests",
		good + "  Non-2xx or 3xx responses: 5\n": "wrk:   Non-2xx or 3xx responses: 5",
		good + "  Socket errors: connect 0, read 3, write 0, timeout 0\nRequests\n": "wrk:   Socket errors: connect 0, read 3, write 0, timeout 0",
	} {
		_, _, err := parseWrk(in)
		assert.EqualError(t, err, want)
	}
}

func TestParseDNSPerf(t *testing.T) {
	const out = "  Queries sent:         1000\n  Queries lost:  5 (0.50%)\n  Response codes:       NOERROR 995 (100.00%)\n  Queries per second:   123.5\n"
	_, err := parseDNSPerf(out, noLosses)
	require.ErrorContains(t, err, "without their answer")
	rate, err := parseDNSPerf(out, fewLosses)
	require.NoError(t, err)
	assert.Equal(t, 123.5, rate)
	_, err = parseDNSPerf(strings.Replace(out, "995", "900", 1), fewLosses)
	require.ErrorContains(t, err, "without their answer")
	_, err = parseDNSPerf(strings.Replace(out, "100.00", "99.00", 1), fewLosses)
	require.ErrorContains(t, err, "wrong")
}

func TestParseTimes(t *testing.T) {
	const out = `DNS Performance Testing Tool
[Status] Started at: Sat Nov 21 21:00:00 2026
> NOERROR host0.load.example. A 0.000250
> NOERROR host617.load.example. A 1.500000
Statistics:
`
	times, err := parseTimes(out)
	require.NoError(t, err)
	assert.Equal(t, []float64{250, 1.5e6}, times)
	_, err = parseTimes("> T host0.load.example. A 5.000000\n")
	require.Error(t, err)
	_, err = parseTimes("Statistics:\n")
	require.Error(t, err)
}

func TestQuantile(t *testing.T) {
	var times []float64
	for i := range 100 {
		times = append(times, float64(99-i))
	}
	assert.Equal(t, 99.0, quantile(times, 0.99))
	assert.Equal(t, 50.0, quantile(times, 0.5))
	assert.Equal(t, 7.0, quantile([]float64{7}, 0.99))
}

func TestWantedNamesWhatIsMeasured(t *testing.T) {
	all, err := parseWanted(wantedText)
	require.NoError(t, err)
	require.NotEmpty(t, all)
	for _, w := range all {
		i := -1
		for j, s := range subjects {
			if s.name == w.subject {
				i = j
			}
		}
		require.GreaterOrEqual(t, i, 0, "%+v", w)
		_, ok := subjects[i].find(w.ours)
		assert.True(t, ok, "%+v", w)
		if w.ratio() {
			_, ok = subjects[i].find(w.peer)
			assert.True(t, ok, "%+v", w)
		}
	}
}

func TestParseWanted(t *testing.T) {
	got, err := parseWanted("# x\n\n tcp-echo ratio applayer bare >= 0.97 # y\nidle B/conn applayer - <= 8192\n")
	require.NoError(t, err)
	assert.Equal(t, []wanted{
		{"tcp-echo", "ratio", "applayer", "bare", true, 0.97},
		{"idle", "B/conn", "applayer", "-", false, 8192},
	}, got)
	for in, want := range map[string]string{
		"a ratio b c >=":          "line 1: 5 fields, not 6",
		"\na ratio b c > 1":       `line 2: ">" is neither >= nor <=`,
		"a ratio b - >= 1":        "line 1: a ratio has a peer, and only a ratio",
		"a allocs/op b bare <= 1": "line 1: a ratio has a peer, and only a ratio",
		"a ratio b c >= fast":     `line 1: wanted figure: strconv.ParseFloat: parsing "fast": invalid syntax`,
	} {
		_, err := parseWanted(in)
		assert.EqualError(t, err, want)
	}
}

// Ten rounds: the median lies between the fifth and the sixth, and the interval
// of 95 % is from the second to the ninth (97.9 %, the tightest that order
// statistics of ten values give).
func TestRatioAndInterval(t *testing.T) {
	ours := []float64{100, 100, 200, 100, 100, 100, 100, 100, 100, 100}
	peer := []float64{99, 91, 184, 93, 94, 95, 96, 97, 98, 90}
	rs := ratios(ours, peer)
	assert.InDeltaSlice(t, []float64{.99, .91, .92, .93, .94, .95, .96, .97, .98, .90}, rs, 1e-12)
	got := summarize(rs)
	assert.InDelta(t, 0.945, got.median, 1e-12)
	assert.InDelta(t, 0.91, got.lo, 1e-12)
	assert.InDelta(t, 0.98, got.hi, 1e-12)
	assert.Equal(t, "0.945 [0.91, 0.98]", got.String())

	few := summarize([]float64{1, 2, 3})
	assert.Equal(t, 2.0, few.median)
	assert.Equal(t, "2 [no interval]", few.String())
	assert.True(t, math.IsNaN(summarize(nil).median))
}

func TestMetAndWinner(t *testing.T) {
	inf := math.Inf(1)
	atLeast := wanted{unit: "ratio", atLeast: true, figure: 0.97}
	atMost := wanted{unit: "B/conn", figure: 8192}
	tests := []struct {
		name   string
		i      interval
		w      wanted
		met    bool
		winner string
	}{
		{"above", interval{1.1, 1.05, 1.2}, atLeast, true, "us"},
		{"interval reaches it", interval{0.95, 0.92, 0.98}, atLeast, true, "them"},
		{"exactly", interval{0.95, 0.92, 0.97}, atLeast, true, "them"},
		{"interval below", interval{0.95, 0.92, 0.96}, atLeast, false, "them"},
		{"holds 1", interval{1, 0.99, 1.01}, atLeast, true, "even"},
		{"few rounds: median", interval{0.98, -inf, inf}, atLeast, true, "too few rounds"},
		{"few rounds: median below", interval{0.96, -inf, inf}, atLeast, false, "too few rounds"},
		{"no number", interval{math.NaN(), -inf, inf}, atLeast, false, "too few rounds"},
		{"at most, under", interval{5000, 4900, 5100}, atMost, true, "us"},
		{"at most, interval reaches it", interval{8300, 8100, 8500}, atMost, true, "us"},
		{"at most, over", interval{8300, 8200, 8500}, atMost, false, "us"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, tt.met, tt.i.met(tt.w))
			assert.Equal(t, tt.winner, tt.i.winner("us", "them"))
		})
	}
}

// The command, in the smallest: one round of a subject without a peer, with
// figures that hold on any machine.
func TestCommand(t *testing.T) {
	var out, errs bytes.Buffer
	status := run([]string{"-count", "1", "-benchtime", "1ms", "-run", "idle|pcap"}, &out, &errs)
	assert.Equal(t, 0, status, "%s%s", &out, &errs)
	assert.Contains(t, out.String(), "wanted <= 8192")
	assert.Empty(t, errs.String())
	for _, args := range [][]string{{"-count", "0"}, {"-run", "("}, {"x"}, {"-nonsense"}} {
		assert.Equal(t, 2, run(args, io.Discard, io.Discard), "%v", args)
	}
	assert.Equal(t, 0, run([]string{"-h"}, io.Discard, io.Discard))
}

// A wanted ratio decides; a peer of which none is wanted is shown all the same.
func TestReportTellsWhatIsMissed(t *testing.T) {
	s := subject{name: "s", implementations: []implementation{{name: "a"}, {name: "b"}, {name: "c"}}}
	r := results{"a": {"ns/op": {100}}, "b": {"ns/op": {90}}, "c": {"ns/op": {200}}}
	var out bytes.Buffer
	assert.False(t, report(&out, s, r, []wanted{{"s", "ratio", "a", "b", true, 0.97}}))
	assert.Contains(t, out.String(), "MISSED")
	assert.Contains(t, out.String(), "got 2 ")
	assert.Contains(t, out.String(), "not asked for")
	assert.True(t, report(io.Discard, s, r, []wanted{{"s", "ratio", "a", "c", true, 1.5}}))
}
