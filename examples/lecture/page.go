package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"applayer/http1"
	"applayer/http1/page"
	"applayer/sockets"
	"applayer/sockets/link"
)

var pageScene = Scene{
	Name:  "page",
	Title: "a page of eleven objects: connections and round trips, by how connections are used",
	Run:   playPage,
}

const (
	pageHost   = "www.someSchool.edu"
	pagePath   = "/someDepartment/home.index"
	pageImages = 10
	objectSize = 1 << 10
	roundTrip  = 100 * time.Millisecond
	linkRate   = 100_000_000
	// idleTime is how long the server keeps a connection without a request.
	idleTime = 500 * time.Millisecond
)

// pageRun is a way to fetch the page, and what the lecture says of it.
type pageRun struct {
	what        string
	mode        http1.Mode
	atOnce      int
	connections int
	roundTrips  int
}

func playPage(ctx context.Context, n *Net) error {
	objects := pageObjects()
	srv := &http1.Server{Handler: objects, Timeouts: http1.Timeouts{Idle: idleTime}}
	stop, err := serveWeb(ctx, n, srv, pageHost+":80")
	if err != nil {
		return err
	}
	defer stop()
	n.Printf("a base file and %d images of %d octets each; the link has a round-trip time of %v and %d Mb/s",
		pageImages, objectSize, roundTrip, linkRate/1_000_000)
	rows := [][]string{{"connections are", "opened", "requests", "round trips", "measured", "a ping", "measured in pings"}}
	stopEcho, err := serveEcho(ctx, n)
	if err != nil {
		return err
	}
	defer stopEcho()
	runs := []pageRun{
		{"non-persistent, one at a time", http1.NonPersistent, 1, 11, 22},
		{"non-persistent, 5 at once", http1.Parallel, 5, 11, 2 + 2*2},
		{"non-persistent, 10 at once", http1.Parallel, 10, 11, 4},
		{"persistent, without pipelining", http1.Persistent, 1, 1, 12},
		{"persistent, with pipelining", http1.Pipelined, 1, 1, 3},
	}
	for i, run := range runs {
		later := idleTime
		for _, r := range runs[i+1:] {
			later += time.Duration(r.roundTrips+2) * roundTrip
		}
		row, err := run.play(ctx, n, objects, later)
		if err != nil {
			return err
		}
		rows = append(rows, row)
	}
	n.Table(rows...)
	return idleClose(ctx, n)
}

// play fetches the page, and checks what was counted and measured. A machine
// that stands still for a moment makes that longer: what comes out wrong is
// measured again while what comes later leaves the time.
func (r pageRun) play(ctx context.Context, n *Net, objects pageSite, later time.Duration) (row []string, err error) {
	n.Printf("%s", r.what)
	f, err := r.fetch(ctx, n, objects, n.DialNamed)
	if err != nil {
		return nil, err
	}
	n.Expect("objects that came whole", int64(1+pageImages), f.whole.Load())
	n.Expect("connections", r.connections, f.report.Connections)
	n.Expect("connections that were opened", int64(r.connections), f.opened.Load())
	n.Expect("round trips, counted", r.roundTrips, f.report.RoundTrips)
	n.Expect("all transmission takes less than 0.4 round trips", true, f.transmission < roundTrip*4/10)
	deadline, _ := ctx.Deadline()
	for f.roundTrips() != r.roundTrips && time.Until(deadline) > f.report.Time+later+500*time.Millisecond {
		n.Printf("%.2f pings were measured; once more, without the dialogue", f.pings())
		untold := func(ctx context.Context, _, network, addr string) (net.Conn, error) {
			return n.DialUntold(ctx, network, addr)
		}
		if f, err = r.fetch(ctx, n, objects, untold); err != nil {
			return nil, err
		}
	}
	n.Expect("round trips, measured", r.roundTrips, f.roundTrips())
	return []string{
		r.what, strconv.Itoa(f.report.Connections), strconv.Itoa(f.report.Requests), strconv.Itoa(f.report.RoundTrips),
		fmt.Sprintf("%d ms", f.report.Time.Milliseconds()), fmt.Sprintf("%.1f ms", float64(f.ping)/1e6), fmt.Sprintf("%.2f", f.pings()),
	}, nil
}

// pageFetch is what was seen when the page was fetched.
type pageFetch struct {
	report        *page.Report
	whole, opened atomic.Int64 // objects, connections
	transmission  time.Duration
	ping          time.Duration // a round trip meanwhile
}

func (f *pageFetch) pings() float64 { return float64(f.report.Time) / float64(f.ping) }

func (f *pageFetch) roundTrips() int { return int(math.Round(f.pings())) }

// namedDial opens connections, as [Net.DialNamed] does.
type namedDial func(ctx context.Context, name, network, addr string) (net.Conn, error)

// fetch fetches the page over a link of its own. The connections are numbered.
func (r pageRun) fetch(ctx context.Context, n *Net, objects pageSite, dial namedDial) (*pageFetch, error) {
	f := new(pageFetch)
	lk := &link.Link{Delay: roundTrip / 2, Rate: linkRate}
	client := &http1.Client{Mode: r.mode, Dial: lk.Dialer(func(ctx context.Context, network, addr string) (net.Conn, error) {
		return dial(ctx, strconv.FormatInt(f.opened.Add(1), 10), network, addr)
	})}
	p := &page.Page{Client: client, AtOnce: r.atOnce, Save: func(u *url.URL, _ *http1.Response, content io.Reader) error {
		b, err := io.ReadAll(content)
		if want, ok := objects[u.Path]; ok && bytes.Equal(b, want) {
			f.whole.Add(1)
		}
		return err
	}}
	ping, err := startPing(ctx, n)
	if err != nil {
		return nil, err
	}
	var pingErr error
	f.report, err = p.Fetch(ctx, "http://"+pageHost+pagePath)
	f.ping, pingErr = ping.stop()
	client.CloseIdle()
	up, down := lk.Counters()
	f.transmission = up.Busy + down.Busy
	return f, errors.Join(err, pingErr, lk.Flush(ctx))
}

// idleClose waits on a persistent connection until the server has waited long
// enough.
func idleClose(ctx context.Context, n *Net) error {
	n.Printf("a persistent connection without a request: the server closes it after %v", idleTime)
	nc, err := n.Dial(ctx, "tcp", pageHost+":80")
	if err != nil {
		return err
	}
	defer nc.Close()
	defer sockets.WithContext(ctx, nc)()
	if _, err := io.WriteString(nc, "HEAD "+pagePath+" HTTP/1.1\r\nHost: "+pageHost+"\r\n\r\n"); err != nil {
		return err
	}
	resp, _, err := readResponse(nc, http1.MethodHead)
	if err != nil {
		return err
	}
	began := time.Now()
	n.Expect("the connection persists", true, http1.Persists(resp.Version, &resp.Header))
	_, err = io.Copy(io.Discard, nc)
	n.Expect("how the wait ends: with the end of the connection", error(nil), err)
	n.Expect("time until then, in half seconds", idleTime, time.Since(began).Round(500*time.Millisecond))
	return nil
}

// pageSite has the objects by their paths.
type pageSite map[string][]byte

// pageObjects are the base file and its images.
func pageObjects() pageSite {
	site := pageSite{}
	var base strings.Builder
	base.WriteString("<html><head><title>Some Department</title></head><body>\n")
	for i := range pageImages {
		name := fmt.Sprintf("pic%d.jpg", i+1)
		fmt.Fprintf(&base, "<img src=\"%s\">\n", name)
		// The marks that a JPEG begins and ends with, and no picture between.
		image := append([]byte{0xff, 0xd8, 0xff, 0xe0}, bytes.Repeat([]byte{'0' + byte(i)}, objectSize-6)...)
		site["/someDepartment/"+name] = append(image, 0xff, 0xd9)
	}
	const end = "</body></html>\n"
	base.WriteString(strings.Repeat(" ", objectSize-base.Len()-len(end)) + end)
	site[pagePath] = []byte(base.String())
	return site
}

// ServeHTTP answers with an object.
func (s pageSite) ServeHTTP(_ context.Context, w *http1.ResponseWriter, r *http1.Request) {
	b, ok := s[r.Target.Path]
	switch {
	case !ok:
		w.Error(http1.StatusNotFound, "")
	case r.Target.Path == pagePath:
		w.Header().Set("Content-Type", "text/html")
		w.Write(b)
	default:
		w.Header().Set("Content-Type", "image/jpeg")
		w.Write(b)
	}
}
