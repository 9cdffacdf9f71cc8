package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"

	"applayer/http1"
	"applayer/sockets"
)

const (
	attackers = 4        // at once, of each kind
	mostSent  = 64 << 20 // octets that each would send
	mostTaken = 1 << 20  // octets that the server may take of one of them
	mostHeap  = 16 << 20 // octets by which memory may grow under all of them
)

// flood is a request without end.
type flood struct {
	name, begin, unit string
	status            int
}

var floods = []flood{
	{"GET, a URI without end", "GET /?phone_no=", "5550123456", 414},
	{"POST, a URI without end", "POST /?phone_no=", "5550123456", 414},
	{"a header line without end", "GET / HTTP/1.1\r\nHost: " + thingsHost + "\r\nX-Phone-No: ", "5550123456", 431},
	{"header lines without end", "GET / HTTP/1.1\r\nHost: " + thingsHost + "\r\n", "X-Phone-No: 555\r\n", 431},
}

// playFloods attacks a server with requests without end while others ask it
// for pages.
func playFloods(ctx context.Context, n *Net) error {
	n.Printf("requests without end, %d attackers of each kind at once:", attackers)
	srv := &http1.Server{Handler: http1.HandlerFunc(func(_ context.Context, w *http1.ResponseWriter, r *http1.Request) {
		w.WriteString("still here\n")
	})}
	stop, err := serveWeb(ctx, n, srv, thingsHost+":80")
	if err != nil {
		return err
	}
	defer stop()
	before := heap()
	var running sync.WaitGroup
	ended := make([][attackers]floodEnd, len(floods))
	for i, f := range floods {
		for j := range attackers {
			running.Go(func() { ended[i][j] = f.attack(ctx, n) })
		}
	}
	over := make(chan struct{})
	go func() { running.Wait(); close(over) }()
	served, peak, err := askMeanwhile(ctx, n, over)
	<-over
	if err != nil {
		return err
	}
	rows := [][]string{{"attack", "reply", "connection", "octets sent before the end"}}
	for i, f := range floods {
		var got []string
		for _, end := range ended[i] {
			got = append(got, end.String())
		}
		n.Expect(f.name, slices.Repeat([]string{fmt.Sprintf("%d, then closed", f.status)}, attackers), got)
		rows = append(rows, []string{f.name, strconv.Itoa(ended[i][0].status), "closed", strconv.FormatInt(ended[i][0].sent, 10)})
	}
	n.Table(rows...)
	n.Printf("meanwhile %d other requests were answered, and memory grew by %d KiB at most", served, max(0, peak-before)>>10)
	n.Expect("others are served under the attack", true, served > 0)
	n.Expect("memory stays flat under the attack", true, peak-before < mostHeap)
	stop()
	stats := srv.Stats()
	n.Expect("connections left", 0, stats.Conns.Active)
	n.Expect("the server takes a bounded part of each", true, stats.Conns.BytesRead < mostTaken*int64(len(floods)*attackers))
	n.Expect("requests that were refused", int64(len(floods)*attackers), stats.Refused)
	return nil
}

// floodEnd is how an attack ended.
type floodEnd struct {
	status int
	closed bool // by the server
	sent   int64
	err    error
}

func (e floodEnd) String() string {
	switch {
	case e.err != nil:
		return e.err.Error()
	case e.closed:
		return fmt.Sprintf("%d, then closed", e.status)
	default:
		return fmt.Sprintf("%d, then open", e.status)
	}
}

// attack sends until the server has had enough.
func (f flood) attack(ctx context.Context, n *Net) (end floodEnd) {
	nc, err := n.DialUntold(ctx, "tcp", thingsHost+":80")
	if err != nil {
		return floodEnd{err: err}
	}
	defer nc.Close()
	defer sockets.WithContext(ctx, nc)()
	var sending sync.WaitGroup
	sending.Go(func() { end.sent = f.send(nc) })
	resp, _, err := readResponse(nc, http1.MethodGet)
	if err == nil {
		end.status = resp.Status
		_, closed := io.Copy(io.Discard, nc)
		end.closed = !errors.Is(closed, os.ErrDeadlineExceeded)
	}
	sending.Wait()
	end.err = err
	return end
}

// send writes the request until it is cut, and counts the octets.
func (f flood) send(nc net.Conn) (sent int64) {
	more := []byte(strings.Repeat(f.unit, 16<<10/len(f.unit)))
	size, err := io.WriteString(nc, f.begin)
	for sent = int64(size); err == nil && sent < mostSent; sent += int64(size) {
		size, err = nc.Write(more)
	}
	return sent
}

// askMeanwhile asks for pages until over, ten times at least, each time on a
// connection of its own, and looks how much memory is in use.
func askMeanwhile(ctx context.Context, n *Net, over <-chan struct{}) (served int, peak int64, err error) {
	client := &http1.Client{Mode: http1.NonPersistent, Dial: n.DialUntold}
	for done := false; !done || served < 10; {
		select {
		case <-over:
			done = true
		default:
		}
		resp, _, err := fetchURL(ctx, client, "http://"+thingsHost+"/")
		if err != nil {
			return served, peak, err
		}
		if resp.Status != 200 {
			return served, peak, fmt.Errorf("another client got %d", resp.Status)
		}
		served++
		peak = max(peak, heap())
	}
	return served, peak, nil
}

// heap is how much memory is in use.
func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
