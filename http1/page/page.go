package page

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/url"
	"strings"
	"sync"
	"time"

	"applayer/http1"
	"applayer/internal/ascii"
)

// Page fetches base files together with all that they refer to. The Mode of its
// Client decides how: NonPersistent and Persistent fetch one object after
// another, Parallel fetches as many at once as AtOnce says, each on a
// connection of its own, and Pipelined asks for all of them at once on one
// connection. The zero value is ready to use. It may be shared as a Client may;
// the connections in a [Report] are right only for one Fetch at a time.
type Page struct {
	// Client sends the requests; nil is a new one for each Fetch, whose
	// connections are closed at its end.
	Client *http1.Client
	// Header is sent with each request to the scheme, host and port of the URL
	// that is fetched, and so are the credentials of its user information.
	// Others do not get them, not even where a redirect has led to another.
	Header http1.Header
	// Version is that of the requests; 0 is HTTP/1.1.
	Version http1.Version
	// AtOnce bounds the requests at once in mode Parallel (default 10).
	AtOnce int
	// MaxObjects bounds the objects of a page (default 1000; negative, none).
	// What it refers to beyond them is left out, and counted in
	// Report.LeftOut.
	MaxObjects int
	// MaxOctets bounds the octets of each object (default 64 MiB; negative,
	// none). More is an error of that object.
	MaxOctets int64
	// Save is given the content of each object, the base file first. In modes
	// Parallel and Pipelined it is called by several goroutines at once. Nil
	// drops it. What it leaves of content is read and dropped.
	Save func(u *url.URL, resp *http1.Response, content io.Reader) error
}

// Object is what became of one object of a page.
type Object struct {
	// URL is where it was found, after redirects if there were any.
	URL *url.URL
	// Element is the name of the element that refers to it, "" for the base
	// file.
	Element string
	// Status is the response's, 0 if there was none.
	Status int
	// Octets counts its content.
	Octets int64
	// RoundTrips counts what it needed: see [http1.ClientStats].
	RoundTrips int
	// Time is how long it took, from its request to its last octet.
	Time time.Duration
	// Err is why it is not there or not whole; a status is no error.
	Err error
}

// Report is what [Page.Fetch] did.
type Report struct {
	// Objects are the base file and then the others, in the order in which the
	// page refers to them first, each once.
	Objects []Object
	// LeftOut counts the objects beyond MaxObjects.
	LeftOut int
	// Connections and Requests count those of the whole.
	Connections, Requests int
	// RoundTrips counts those that went by one after another until the page
	// was there: of what was fetched at once, the longest chain.
	RoundTrips int
	// Octets counts the content of all objects.
	Octets int64
	// Time is how long the whole took.
	Time time.Duration
}

// Fetch fetches the page at a URL. Its error is one of the base file; those of
// other objects are in the report, and stop nothing.
func (p *Page) Fetch(ctx context.Context, rawURL string) (*Report, error) {
	r, err := http1.NewRequest(http1.MethodGet, rawURL, nil)
	if err != nil {
		return nil, err
	}
	f := &fetch{page: p, client: p.Client, origin: r.Target.URL(), header: p.Header.Clone()}
	if auth := r.Header.Get("Authorization"); auth != "" && !f.header.Has("Authorization") {
		f.header.Add("Authorization", auth)
	}
	r.Header.Reset()
	if f.client == nil {
		f.client = new(http1.Client)
		defer f.client.CloseIdle()
	}
	before, began := f.client.Stats(), time.Now()
	base := f.object(ctx, r, "", f.findReferences)
	if base.Err != nil {
		return nil, base.Err
	}
	rep := &Report{Objects: append([]Object{base}, make([]Object, len(f.found))...), LeftOut: f.leftOut}
	rep.RoundTrips = base.RoundTrips + f.all(ctx, base.URL, rep.Objects[1:])
	rep.Time = time.Since(began)
	after := f.client.Stats()
	rep.Connections = int(after.Connections - before.Connections)
	rep.Requests = int(after.Requests - before.Requests)
	for i := range rep.Objects {
		rep.Octets += rep.Objects[i].Octets
	}
	return rep, nil
}

// fetch is one call of Fetch.
type fetch struct {
	page    *Page
	client  *http1.Client
	origin  *url.URL // whose requests have header
	header  http1.Header
	found   []Reference
	leftOut int
}

// object fetches one object, and gives its content to use.
func (f *fetch) object(ctx context.Context, r *http1.Request, element string, use func(resp *http1.Response, content io.Reader) error) (o Object) {
	o = Object{URL: r.Target.URL(), Element: element}
	if o.URL.Scheme == f.origin.Scheme && o.URL.Host == f.origin.Host {
		for name, value := range f.header.All() {
			r.Header.Add(name, value)
		}
	}
	if f.page.Version != 0 {
		r.Version = f.page.Version
	}
	began := time.Now()
	defer func() { o.Time = time.Since(began) }()
	resp, err := f.client.Do(ctx, r)
	if err != nil {
		o.Err = err
		return o
	}
	defer resp.Body.Close()
	o.URL, o.Status, o.RoundTrips = resp.Request.Target.URL(), resp.Status, resp.RoundTrips
	content := &counted{r: resp.Body, most: f.page.MaxOctets}
	if content.most == 0 {
		content.most = 64 << 20
	}
	if err = use(resp, content); err == nil {
		_, err = io.Copy(io.Discard, content)
	}
	if err == nil && !resp.Complete {
		err = fmt.Errorf("TLS ended without its closing alert (RFC 9112 §9.8): %w", io.ErrUnexpectedEOF)
	}
	o.Octets = content.n
	if err != nil {
		o.Err = fmt.Errorf("page: %v: %w", o.URL, err)
	}
	return o
}

// save gives content to the page's Save.
func (f *fetch) save(resp *http1.Response, content io.Reader) error {
	if f.page.Save == nil {
		return nil
	}
	return f.page.Save(resp.Request.Target.URL(), resp, content)
}

// findReferences saves the base file and looks what it refers to.
func (f *fetch) findReferences(resp *http1.Response, content io.Reader) error {
	if !isHTML(resp) {
		return f.save(resp, content)
	}
	// Save may stop reading, or not read at all; the search goes on.
	r, w := io.Pipe()
	var searched sync.WaitGroup
	searched.Go(func() {
		f.search(r, resp.Request.Target.URL())
		r.Close()
	})
	tee := io.TeeReader(content, w)
	err := f.save(resp, tee)
	if err == nil {
		_, err = io.Copy(io.Discard, tee)
	}
	w.CloseWithError(err) // nil is io.EOF
	searched.Wait()
	return err
}

// search finds the references in a base file, each once.
func (f *fetch) search(r io.Reader, base *url.URL) {
	most := f.page.MaxObjects
	if most == 0 {
		most = 1000
	}
	seen := map[string]bool{base.String(): true}
	for ref, err := range References(r, base) {
		if err != nil {
			break // the reader of the content has it too
		}
		key := ref.URL.String()
		switch {
		case seen[key]:
			continue
		case most > 0 && len(f.found) >= most-1:
			f.leftOut++
			continue
		}
		seen[key] = true
		f.found = append(f.found, ref)
	}
	_, _ = io.Copy(io.Discard, r)
}

// isHTML tells a page that there is to be shown. One without a type is taken
// for HTML, as browsers find out by looking.
func isHTML(resp *http1.Response) bool {
	t := resp.Header.Get("Content-Type")
	t, _, _ = strings.Cut(t, ";")
	t = strings.TrimSpace(t)
	return resp.Status/100 == 2 && (t == "" || ascii.EqualFold(t, "text/html") || ascii.EqualFold(t, "application/xhtml+xml"))
}

// all fetches the objects found into into, in the client's mode, and returns
// how many round trips went by.
func (f *fetch) all(ctx context.Context, top *url.URL, into []Object) int {
	lanes := 1
	switch f.client.Mode {
	case http1.Parallel:
		lanes = cmp.Or(max(f.page.AtOnce, 0), 10)
	case http1.Pipelined:
		lanes = len(into)
	}
	lanes = min(lanes, len(into))
	// Each begins with one, so that none is idle while another takes two.
	next := make(chan int, len(into))
	for i := lanes; i < len(into); i++ {
		next <- i
	}
	close(next)
	var mu sync.Mutex
	longest := 0
	var running sync.WaitGroup
	for lane := range lanes {
		running.Go(func() {
			trips := 0
			for i, more := lane, true; more; i, more = <-next {
				into[i] = f.reference(ctx, top, f.found[i])
				trips += into[i].RoundTrips
			}
			mu.Lock()
			defer mu.Unlock()
			longest = max(longest, trips)
		})
	}
	running.Wait()
	if f.client.Mode == http1.Pipelined {
		return perHost(into)
	}
	return longest
}

// perHost is the round trips of objects that shared a connection to each host:
// what ran ahead has none of its own.
func perHost(objects []Object) int {
	hosts, longest := map[string]int{}, 0
	for i := range objects {
		hosts[objects[i].URL.Host] += objects[i].RoundTrips
		longest = max(longest, hosts[objects[i].URL.Host])
	}
	return longest
}

// reference fetches what a reference means.
func (f *fetch) reference(ctx context.Context, top *url.URL, ref Reference) Object {
	r, err := http1.NewRequest(http1.MethodGet, ref.URL.String(), nil)
	if err != nil {
		return Object{URL: ref.URL, Element: ref.Element, Err: err}
	}
	r.Top = top
	r.Header.Add("Referer", top.String())
	return f.object(ctx, r, ref.Element, f.save)
}

// counted counts what is read, and refuses more than most octets.
type counted struct {
	r       io.Reader
	n, most int64
}

func (c *counted) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	c.n += int64(n)
	if c.most > 0 && c.n > c.most {
		return 0, &http1.LimitError{Name: "MaxOctets", Max: c.most}
	}
	return n, err
}
