package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"applayer/http1"
	"applayer/sockets"
)

var messagesScene = Scene{
	Name:  "messages",
	Title: "a request and a response of HTTP, octet by octet",
	Run:   playMessages,
}

// lectureRequest is one of the slides' requests: host and path stand in fields that
// are the same otherwise.
type lectureRequest struct {
	host, path string
	octets     int
}

func (r lectureRequest) text() string {
	return "GET " + r.path + " HTTP/1.1\r\n" +
		"Host: " + r.host + "\r\n" +
		"User-Agent: Firefox/3.6.10\r\n" +
		"Accept: text/html,application/xhtml+xml\r\n" +
		"Accept-Language: en-us,en;q=0.5\r\n" +
		"Accept-Encoding: gzip,deflate\r\n" +
		"Accept-Charset: ISO-8859-1,utf-8;q=0.7\r\n" +
		"Keep-Alive: 115\r\n" +
		"Connection: keep-alive\r\n\r\n"
}

// lectureHead is the head of the slides' response.
const lectureHead = "HTTP/1.1 200 OK\r\n" +
	"Date: Sun, 26 Sep 2010 20:09:20 GMT\r\n" +
	"Server: Apache/2.0.52 (CentOS)\r\n" +
	"Last-Modified: Tue, 30 Oct 2007 17:00:02 GMT\r\n" +
	"ETag: \"17dc6-a5c-bf716880\"\r\n" +
	"Accept-Ranges: bytes\r\n" +
	"Content-Length: 2652\r\n" +
	"Keep-Alive: timeout=10, max=100\r\n" +
	"Connection: Keep-Alive\r\n" +
	"Content-Type: text/html; charset=ISO-8859-1\r\n\r\n"

// lectureBody is a page of our own, as long as the slides' one.
func lectureBody() string {
	const size = 2652
	const begin, end = "<html><head><title>Computer networks</title></head>\n<body>\n", "\n</body></html>\n"
	const text = "A page of our own, as long as the one of the lecture. "
	room := size - len(begin) - len(end)
	return begin + strings.Repeat(text, room/len(text)+1)[:room] + end
}

func playMessages(ctx context.Context, n *Net) error {
	reply, err := exchange(ctx, n, lectureRequest{"www.cas.mcmaster.ca", "/index.php", 268})
	if err != nil {
		return err
	}
	if err := explainResponse(n, reply); err != nil {
		return err
	}
	n.Printf("the same of another page:")
	again, err := exchange(ctx, n, lectureRequest{"www-net.cs.umass.edu", "/index.html", 270})
	n.Expect("the same response", true, again == reply)
	return err
}

// exchange sends the request as a browser of the year 2010 would, explains it
// from what the server read, and returns what came back.
func exchange(ctx context.Context, n *Net, r lectureRequest) (reply string, err error) {
	var q http1.Request
	var raw []byte
	stop, err := serveLectureResponse(ctx, n, r.host+":80", &q, &raw)
	if err != nil {
		return "", err
	}
	defer stop()
	conn, err := n.DialNamed(ctx, "", "tcp", r.host+":80")
	if err != nil {
		return "", err
	}
	defer conn.Close()
	reply, err = ask(ctx, conn, r.text(), len(lectureHead)+len(lectureBody()))
	if err != nil {
		return "", err
	}
	conn.Close()
	stop() // q and raw are ours from here on
	n.Expect("octets of the request", r.octets, len(raw))
	return reply, explainRequest(n, r, &q)
}

// serveLectureResponse answers one request, and leaves it in q and its octets
// in raw.
func serveLectureResponse(ctx context.Context, n *Net, addr string, q *http1.Request, raw *[]byte) (stop func(), err error) {
	ln, err := n.Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	srv := &sockets.Server{Handler: sockets.HandlerFunc(func(_ context.Context, nc *sockets.Conn) {
		conn := http1.NewConn(nc, nil)
		if err := conn.ReadRequest(q); err != nil {
			return
		}
		*raw = append(*raw, q.Raw()...)
		var p http1.Response
		if _, err := p.Parse([]byte(lectureHead), q.Method, nil); err != nil {
			return
		}
		p.Body = io.NopCloser(strings.NewReader(lectureBody()))
		if conn.WriteResponse(&p) == nil && conn.Flush() == nil {
			conn.CloseLingering(0, 0)
		}
	})}
	return serve(func() error { return srv.Serve(ln) }, srv.Close), nil
}

// explainRequest shows the parts of the request that the server read.
func explainRequest(n *Net, r lectureRequest, q *http1.Request) error {
	n.Table(append([][]string{
		{"part", "of the request"},
		{"request line: method", q.Method},
		{"request line: URL", q.Target.Path},
		{"request line: version", q.Version.String()},
	}, fieldRows(&q.Header)...)...)
	n.Expect("method", "GET", q.Method)
	n.Expect("URL", r.path, q.Target.Path)
	n.Expect("version", "HTTP/1.1", q.Version.String())
	n.Expect("host", r.host, q.Target.Authority)
	n.Expect("names of the fields, in order",
		"Host User-Agent Accept Accept-Language Accept-Encoding Accept-Charset Keep-Alive Connection", fieldNames(&q.Header))
	written, err := q.AppendText(nil)
	if err != nil {
		return err
	}
	n.Expect("written back from its parts, octet by octet", true, string(written) == r.text())
	seconds, err := strconv.Atoi(q.Header.Get("Keep-Alive"))
	if err != nil {
		return err
	}
	n.Expect("Keep-Alive: how long the browser would keep an idle connection open", 115*time.Second, time.Duration(seconds)*time.Second)
	n.Expect("the connection persists, by what the request says", true, http1.Persists(q.Version, &q.Header))
	return nil
}

// explainResponse shows the parts of the response as it came over the wire.
func explainResponse(n *Net, wire string) error {
	var p http1.Response
	head, err := p.Parse([]byte(wire), http1.MethodGet, nil)
	if err != nil {
		return err
	}
	body := wire[head:]
	n.Table(append([][]string{
		{"part", "of the response"},
		{"status line: version", p.Version.String()},
		{"status line: status code", strconv.Itoa(p.Status)},
		{"status line: phrase", p.Reason},
	}, fieldRows(&p.Header)...)...)
	n.Expect("octets of the response's head", 308, head)
	n.Expect("octets of its body", 2652, len(body))
	n.Expect("Content-Length", int64(2652), p.Length)
	n.Expect("the body is the page", true, body == lectureBody())
	n.Expect("status", "HTTP/1.1 200 OK", p.Version.String()+" "+strconv.Itoa(p.Status)+" "+p.Reason)
	n.Expect("names of the fields, in order",
		"Date Server Last-Modified ETag Accept-Ranges Content-Length Keep-Alive Connection Content-Type", fieldNames(&p.Header))
	written, err := p.AppendText(nil)
	if err != nil {
		return err
	}
	n.Expect("written back from its parts, octet by octet", true, string(written) == lectureHead)
	return explainETag(n, &p)
}

// explainETag takes the entity tag of the slides to pieces: Apache 2.0 made it
// of what the file system knows.
func explainETag(n *Net, p *http1.Response) error {
	tag, err := http1.ParseEntityTag(p.Header.Get("ETag"))
	if err != nil {
		return err
	}
	parts := strings.Split(tag.Opaque(), "-")
	if !n.Expect("parts of the entity tag", 3, len(parts)) {
		return nil
	}
	inode, err1 := strconv.ParseUint(parts[0], 16, 64)
	size, err2 := strconv.ParseUint(parts[1], 16, 64)
	modified, err3 := http1.ParseDate(p.Header.Get("Last-Modified"), time.Now())
	if err := errors.Join(err1, err2, err3); err != nil {
		return err
	}
	n.Expect("ETag, 17dc6: the file's inode", uint64(97734), inode)
	n.Expect("ETag, a5c: its size", uint64(2652), size)
	n.Expect("ETag, bf716880: the low 32 bits of its modification time in µs", parts[2], fmt.Sprintf("%x", uint32(modified.UnixMicro())))
	return nil
}

func fieldRows(h *http1.Header) (rows [][]string) {
	for name, value := range h.All() {
		rows = append(rows, []string{"header line: " + name, value})
	}
	return rows
}

func fieldNames(h *http1.Header) string {
	var names []string
	for name := range h.All() {
		names = append(names, name)
	}
	return strings.Join(names, " ")
}
