package http1_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"strings"
	"time"

	"applayer/http1"
)

// serveExample serves h on loopback and returns its URL and what ends it.
func serveExample(h http1.HandlerFunc) (url string, end func()) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	s := &http1.Server{Handler: h}
	go s.Serve(l)
	return "http://" + l.Addr().String(), func() { s.Close() }
}

func ExampleClient() {
	url, end := serveExample(func(_ context.Context, w *http1.ResponseWriter, r *http1.Request) {
		fmt.Fprintf(w, "you asked for %s", r.Target.Path)
	})
	defer end()

	var client http1.Client
	defer client.CloseIdle()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	resp, err := client.Get(ctx, url+"/tea")
	if err != nil {
		log.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(resp.Status, string(body))
	// Output: 200 you asked for /tea
}

func ExampleClient_Do() {
	url, end := serveExample(func(_ context.Context, w *http1.ResponseWriter, r *http1.Request) {
		n, _ := io.Copy(io.Discard, r.Body)
		fmt.Fprintf(w, "%s, %d octets of %s", r.Method, n, r.Header.Get("Content-Type"))
	})
	defer end()

	r, err := http1.NewRequest(http1.MethodPut, url+"/note", strings.NewReader("milk, bread"))
	if err != nil {
		log.Fatal(err)
	}
	r.Header.Set("Content-Type", "text/plain")
	var client http1.Client
	defer client.CloseIdle()
	resp, err := client.Do(context.Background(), r)
	if err != nil {
		log.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	fmt.Println(string(body), err)
	// Output: PUT, 11 octets of text/plain <nil>
}

func ExampleClient_Download() {
	url, end := serveExample(func(_ context.Context, w *http1.ResponseWriter, r *http1.Request) {
		w.Header().Set("ETag", `"v1"`)
		io.WriteString(w, "a long film")
	})
	defer end()

	f, err := os.CreateTemp("", "film")
	if err != nil {
		log.Fatal(err)
	}
	defer os.Remove(f.Name())
	defer f.Close()
	var client http1.Client
	defer client.CloseIdle()
	var d http1.Download // keep it, to go on after an error
	err = client.Download(context.Background(), url, f, &d)
	fmt.Println(d.Offset, d.Validator, err)
	// Output: 11 "v1" <nil>
}

// Middleware stands between a client and the one that has the connections.
func ExampleDoerFunc() {
	url, end := serveExample(func(_ context.Context, w *http1.ResponseWriter, r *http1.Request) {})
	defer end()

	var connections http1.Client
	defer connections.CloseIdle()
	client := http1.Client{Doer: http1.DoerFunc(func(ctx context.Context, r *http1.Request) (*http1.Response, error) {
		resp, err := connections.Do(ctx, r)
		if err == nil {
			fmt.Println(r.Method, r.Target.Path, resp.Status)
		}
		return resp, err
	})}
	resp, err := client.Get(context.Background(), url+"/logged")
	if err != nil {
		log.Fatal(err)
	}
	resp.Body.Close()
	// Output: GET /logged 200
}

func ExampleNewRequest() {
	r, err := http1.NewRequest("GET", "http://Example.ORG:80/über uns?q#top", nil)
	fmt.Println(r.Target.Authority, r.Target, err)
	_, err = http1.NewRequest("GET", "http://example.org/\r\nX: y", nil)
	fmt.Println(err)
	// Output:
	// example.org /%C3%BCber%20uns?q <nil>
	// http1: URL: control character at byte 19 (RFC 3986 §2)
}

func ExampleProxies() {
	proxy, err := http1.ParseProxy("proxy.example.net:3128")
	if err != nil {
		log.Fatal(err)
	}
	p := &http1.Proxies{HTTP: proxy, HTTPS: proxy, None: "example.org, 10.0.0.0/8"}
	for _, u := range []string{"http://www.example.com/", "https://www.example.org/", "http://10.1.2.3/"} {
		r, err := http1.NewRequest("GET", u, nil)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(u, p.For(&r.Target))
	}
	// Output:
	// http://www.example.com/ http://proxy.example.net:3128
	// https://www.example.org/ <nil>
	// http://10.1.2.3/ <nil>
}

func ExampleBasicAuth() {
	v, err := http1.BasicAuth("Aladdin", "open sesame")
	fmt.Println(v, err)
	// Output: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ== <nil>
}
