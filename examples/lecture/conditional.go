package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"

	"applayer/http1"
	"applayer/http1/files"
)

var conditionalScene = Scene{
	Name:  "conditional-get",
	Title: "an object is sent only if it has changed: dates, and entity tags",
	Run:   playConditional,
}

const (
	conditionalURL  = "http://www.someSchool.edu/pic.html"
	conditionalFile = "pic.html"
	oldContent      = "<html><body>the first version</body></html>\n"
	newContent      = "<html><body>a second one, longer</body></html>\n"
)

func playConditional(ctx context.Context, n *Net) (err error) {
	f, err := newFolder(map[string]string{conditionalFile: ""})
	if err != nil {
		return err
	}
	fileServer := &files.FileServer{Root: f.root}
	defer func() { err = errors.Join(err, fileServer.Close(), f.remove()) }()
	stop, err := serveWeb(ctx, n, &http1.Server{Handler: fileServer}, "www.someSchool.edu:80")
	if err != nil {
		return err
	}
	defer stop()
	wire := new(recorder)
	client := &http1.Client{Dial: wire.on(n.Dial)}
	defer client.CloseIdle()
	for _, c := range []condition{
		{"If-Modified-Since", "Last-Modified"},
		{"If-None-Match", "ETag"},
	} {
		n.Printf("%s, of what came as %s:", c.field, c.validator)
		if err := c.play(ctx, n, client, wire, f); err != nil {
			return err
		}
	}
	return nil
}

// condition is a field of a request that says what the client has, and the
// field of the response that it learnt it by.
type condition struct{ field, validator string }

func (c condition) play(ctx context.Context, n *Net, client *http1.Client, wire *recorder, f *folder) error {
	now := time.Now()
	if err := f.publish(conditionalFile, oldContent, now.Add(-2*time.Hour)); err != nil {
		return err
	}
	resp, body, err := fetchURL(ctx, client, conditionalURL)
	if err != nil {
		return err
	}
	n.Expect("the first request", 200, resp.Status)
	n.Expect("its object", oldContent, body)
	have := resp.Header.Get(c.validator)
	n.Expect("it tells "+c.validator, true, have != "")

	ask := func() (resp *http1.Response, body string, err error) {
		q, err := http1.NewRequest(http1.MethodGet, conditionalURL, nil)
		if err != nil {
			return nil, "", err
		}
		q.Header.Set(c.field, have)
		return fetch(ctx, client, q)
	}
	wire.reset()
	if resp, _, err = ask(); err != nil {
		return err
	}
	n.Expect("asked again with "+c.field, 304, resp.Status)
	_, received := wire.octets()
	n.Expect("octets behind the head of the 304", "", behindHead(received))

	if err := f.publish(conditionalFile, newContent, now.Add(-time.Hour)); err != nil {
		return err
	}
	if resp, body, err = ask(); err != nil {
		return err
	}
	n.Expect("asked again after a change", 200, resp.Status)
	n.Expect("its object", newContent, body)
	n.Expect("its "+c.validator+" is another", true, resp.Header.Get(c.validator) != have)
	return nil
}

// publish puts a file in its place, as it was changed at that time.
func (f *folder) publish(name, content string, changed time.Time) error {
	if err := f.write(name, content); err != nil {
		return err
	}
	return os.Chtimes(filepath.Join(f.dir, name), changed, changed)
}
