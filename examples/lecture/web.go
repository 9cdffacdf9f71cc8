package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"applayer/http1"
	"applayer/sockets"
)

// What the scenes of the Web share.

// serveWeb runs a Web server at the lecture's addr; the function that it
// returns closes the server and waits.
func serveWeb(ctx context.Context, n *Net, srv *http1.Server, addr string) (stop func(), err error) {
	ln, err := n.Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	return serve(func() error { return srv.Serve(ln) }, srv.Close), nil
}

// fetch sends a request and reads the whole of what comes.
func fetch(ctx context.Context, c *http1.Client, q *http1.Request) (resp *http1.Response, body string, err error) {
	resp, err = c.Do(ctx, q)
	if err != nil {
		return nil, "", err
	}
	b, err := io.ReadAll(resp.Body)
	return resp, string(b), errors.Join(err, resp.Body.Close())
}

// fetchURL gets a URL.
func fetchURL(ctx context.Context, c *http1.Client, url string) (resp *http1.Response, body string, err error) {
	q, err := http1.NewRequest(http1.MethodGet, url, nil)
	if err != nil {
		return nil, "", err
	}
	return fetch(ctx, c, q)
}

// typed sends a text as somebody at a terminal would, with nothing between
// him and the connection, and reads one response.
func typed(ctx context.Context, n *Net, addr, text string) (resp *http1.Response, body string, err error) {
	nc, err := n.Dial(ctx, "tcp", addr)
	if err != nil {
		return nil, "", err
	}
	defer nc.Close()
	defer sockets.WithContext(ctx, nc)()
	if _, err := io.WriteString(nc, text); err != nil {
		return nil, "", err
	}
	method, _, _ := strings.Cut(text, " ")
	return readResponse(nc, method)
}

// readResponse reads the response to a request of that method.
func readResponse(r io.Reader, method string) (resp *http1.Response, body string, err error) {
	resp = new(http1.Response)
	var wire []byte
	for {
		chunk := make([]byte, 4<<10)
		size, readErr := r.Read(chunk)
		wire = append(wire, chunk[:size]...)
		head, err := resp.Parse(wire, method, nil)
		switch {
		case err == nil && resp.Length < 0:
			return nil, "", fmt.Errorf("response of unknown length, status %d", resp.Status)
		case err == nil:
			rest := max(0, int(resp.Length)-len(wire[head:]))
			more, err := io.ReadAll(io.LimitReader(r, int64(rest)))
			if err == nil && len(more) < rest {
				err = io.ErrUnexpectedEOF
			}
			return resp, string(wire[head:]) + string(more), err
		case !errors.Is(err, http1.ErrIncomplete):
			return nil, "", err
		case readErr != nil:
			return nil, "", readErr
		}
	}
}

// folder is a temporary one with files in it, named by slash-separated paths.
type folder struct {
	dir  string
	root *os.Root
}

func newFolder(files map[string]string) (f *folder, err error) {
	f = new(folder)
	if f.dir, err = os.MkdirTemp("", "lecture"); err != nil {
		return nil, err
	}
	if f.root, err = os.OpenRoot(f.dir); err != nil {
		return nil, errors.Join(err, os.RemoveAll(f.dir))
	}
	for name, content := range files {
		if err := f.write(name, content); err != nil {
			return nil, errors.Join(err, f.remove())
		}
	}
	return f, nil
}

func (f *folder) write(name, content string) error {
	if err := f.root.MkdirAll(filepath.Dir(filepath.FromSlash(name)), 0o700); err != nil {
		return err
	}
	return f.root.WriteFile(filepath.FromSlash(name), []byte(content), 0o600)
}

func (f *folder) remove() error {
	return errors.Join(f.root.Close(), os.RemoveAll(f.dir))
}
