package http1

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"strconv"
)

// Record has h answer r, without a server or a connection, and returns the
// response as a client would get it, its body in memory: for tests of handlers.
//
// R is a request to be sent. What a client could not send, or the handler fails
// to complete, is the error. A panic goes on to the caller.
func Record(ctx context.Context, h Handler, r *Request) (*Response, error) {
	head, err := r.AppendText(nil)
	if err != nil {
		return nil, err
	}
	var received Request
	if _, err := received.Parse(head, nil); err != nil {
		return nil, err
	}
	received.Body, received.Length = r.Body, r.Length
	if r.Body == nil {
		received.Body = bytes.NewReader(nil)
	}
	var m memory
	var w ResponseWriter
	w.begin(&m, &received)
	h.ServeHTTP(ctx, &w, &received)
	if err := w.finish(); err != nil {
		return nil, err
	}
	m.resp.Request = r
	m.resp.Body = io.NopCloser(&m.body)
	return &m.resp, nil
}

// memory is a responder that keeps the response.
type memory struct {
	resp Response
	body bytes.Buffer
}

func (m *memory) WriteInterim(int, *Header) error { return nil }

func (m *memory) StartResponse(r *Response) error {
	m.resp.Version, m.resp.Status, m.resp.Reason = HTTP11, r.Status, StatusText(r.Status)
	m.resp.Header, m.resp.Length = r.Header.Clone(), r.Length
	if r.Length >= 0 && hasBody(MethodGet, r.Status) && !r.Header.Has("Content-Length") {
		m.resp.Header.Add("Content-Length", strconv.FormatInt(r.Length, 10))
	}
	return nil
}

func (m *memory) Write(b []byte) (int, error)         { return m.body.Write(b) }
func (m *memory) ReadFrom(r io.Reader) (int64, error) { return m.body.ReadFrom(r) }
func (m *memory) Flush() error                        { return nil }

func (m *memory) EndMessage(trailer *Header) error {
	m.resp.Trailer = trailer.Clone()
	return nil
}

func (m *memory) Switch() (net.Conn, []byte, error) { return nil, nil, errors.ErrUnsupported }
