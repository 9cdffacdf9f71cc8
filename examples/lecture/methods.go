package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"applayer/http1"
	"applayer/http1/files"
	"applayer/http1/form"
)

var methodsScene = Scene{
	Name:  "methods",
	Title: "GET, POST and HEAD of HTTP/1.0, PUT and DELETE of HTTP/1.1; form input in the body and in the URL",
	Run:   playMethods,
}

const (
	methodsURL  = "http://www.somesite.com"
	methodsPage = "<html><body>Which animals do you look for?</body></html>\n"
)

func playMethods(ctx context.Context, n *Net) (err error) {
	f, err := newFolder(map[string]string{"index.html": methodsPage})
	if err != nil {
		return err
	}
	fileServer := &files.FileServer{Root: f.root, Writable: true}
	defer func() { err = errors.Join(err, fileServer.Close(), f.remove()) }()
	var mux http1.Mux
	mux.Handle("/{path...}", fileServer)
	mux.HandleFunc("GET /animalsearch", searchByURL)
	mux.HandleFunc("POST /animalsearch", searchByBody)
	srv := &http1.Server{Handler: &mux}
	stop, err := serveWeb(ctx, n, srv, "www.somesite.com:80")
	if err != nil {
		return err
	}
	defer stop()
	m := &methods{n: n, wire: new(recorder)}
	m.client = http1.Client{Dial: m.wire.on(n.Dial)}
	defer m.client.CloseIdle()
	m.client10 = http1.Client{Dial: m.client.Dial, Mode: http1.NonPersistent}
	return errors.Join(m.http10(ctx), m.forms(ctx), m.http11(ctx))
}

// searchByURL answers a form whose input stands in the request's URL.
func searchByURL(_ context.Context, w *http1.ResponseWriter, r *http1.Request) {
	fields, err := form.ParseURLEncoded(r.Target.Query, nil)
	if err != nil {
		w.Error(form.Status(err), err.Error())
		return
	}
	tellSearch(w, fields)
}

// searchByBody answers a form whose input is the request's body.
func searchByBody(_ context.Context, w *http1.ResponseWriter, r *http1.Request) {
	f, err := form.ReadRequest(r, nil)
	if err != nil {
		w.Error(form.Status(err), err.Error())
		return
	}
	defer f.Close()
	tellSearch(w, f.Fields)
}

func tellSearch(w *http1.ResponseWriter, fields form.Fields) {
	var names []string
	for _, field := range fields {
		if field.Bare {
			names = append(names, field.Name)
		} else {
			names = append(names, field.Name+"="+field.Value)
		}
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	fmt.Fprintf(w, "looking for %s\n", strings.Join(names, " and "))
}

type methods struct {
	n                *Net
	client, client10 http1.Client
	wire             *recorder
}

// do sends a request of that method and version.
func (m *methods) do(ctx context.Context, version http1.Version, method, path, body string) (*http1.Response, string, error) {
	q, err := http1.NewRequest(method, methodsURL+path, nil)
	if err != nil {
		return nil, "", err
	}
	q.Version = version
	if body != "" {
		q.Body, q.Length = strings.NewReader(body), int64(len(body))
	}
	if version == http1.HTTP10 {
		return fetch(ctx, &m.client10, q)
	}
	return fetch(ctx, &m.client, q)
}

// http10 has the methods GET and HEAD; POST follows in forms.
func (m *methods) http10(ctx context.Context) error {
	m.n.Printf("HTTP/1.0: GET, POST, HEAD; a connection for each")
	got, body, err := m.do(ctx, http1.HTTP10, http1.MethodGet, "/index.html", "")
	if err != nil {
		return err
	}
	m.n.Expect("GET /index.html", 200, got.Status)
	m.n.Expect("its object", methodsPage, body)
	m.wire.reset()
	head, _, err := m.do(ctx, http1.HTTP10, http1.MethodHead, "/index.html", "")
	if err != nil {
		return err
	}
	_, received := m.wire.octets()
	m.n.Expect("HEAD /index.html", 200, head.Status)
	m.n.Expect("the length of the object that is left out", got.Header.Get("Content-Length"), head.Header.Get("Content-Length"))
	m.n.Expect("octets behind the head", "", behindHead(received))
	m.n.Expect("the same names of fields", fieldNames(&got.Header), fieldNames(&head.Header))
	m.n.Expect("connections for the two", int64(2), m.client10.Stats().Connections)
	return nil
}

// forms sends the same input in both ways.
func (m *methods) forms(ctx context.Context) error {
	m.n.Printf("form input, in the URL and in the body")
	const input, want = "monkeys&banana", "looking for monkeys and banana\n"
	m.wire.reset()
	_, body, err := m.do(ctx, http1.HTTP10, http1.MethodGet, "/animalsearch?"+input, "")
	if err != nil {
		return err
	}
	m.n.Expect("GET /animalsearch?"+input, want, body)
	sent, _ := m.wire.octets()
	m.n.Expect("its request line", "GET /animalsearch?monkeys&banana HTTP/1.0", requestLine(sent))
	m.n.Expect("its body", "", behindHead(sent))

	q, err := form.NewRequest(methodsURL+"/animalsearch", form.Fields{{Name: "monkeys", Bare: true}, {Name: "banana", Bare: true}}, nil)
	if err != nil {
		return err
	}
	q.Version = http1.HTTP10
	m.wire.reset()
	if _, body, err = fetch(ctx, &m.client10, q); err != nil {
		return err
	}
	m.n.Expect("POST /animalsearch", want, body)
	sent, _ = m.wire.octets()
	m.n.Expect("its request line", "POST /animalsearch HTTP/1.0", requestLine(sent))
	m.n.Expect("its body", input, behindHead(sent))
	return nil
}

// http11 adds PUT, which uploads to the path, and DELETE.
func (m *methods) http11(ctx context.Context) error {
	m.n.Printf("HTTP/1.1: also PUT and DELETE; one connection for all")
	const path, first, second = "/notes/today.txt", "feed the monkeys\n", "buy bananas\n"
	for _, tt := range []struct {
		method, sent string
		status       int
		want         string
	}{
		{http1.MethodGet, "", 404, "404 Not Found\n"},
		{http1.MethodPut, first, 201, ""},
		{http1.MethodGet, "", 200, first},
		{http1.MethodPut, second, 204, ""},
		{http1.MethodGet, "", 200, second},
		{http1.MethodDelete, "", 204, ""},
		{http1.MethodGet, "", 404, "404 Not Found\n"},
	} {
		resp, body, err := m.do(ctx, http1.HTTP11, tt.method, path, tt.sent)
		if err != nil {
			return err
		}
		m.n.Expect(tt.method+" "+path, tt.status, resp.Status)
		if tt.method == http1.MethodGet {
			m.n.Expect("what is there", tt.want, body)
		}
	}
	m.n.Expect("connections for the seven", int64(1), m.client.Stats().Connections)
	return nil
}

// requestLine is the first line of what was sent.
func requestLine(sent string) string {
	line, _, _ := strings.Cut(sent, "\r\n")
	return line
}
