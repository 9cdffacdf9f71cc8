package main

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"applayer/http1"
	"applayer/http1/files"
)

var statusScene = Scene{
	Name:  "status",
	Title: "status codes of a live server, by requests typed by hand",
	Run:   playStatus,
}

const (
	statusHost = "www.cas.mcmaster.ca"
	statusPage = "<html><body>It works.</body></html>\n"
)

func playStatus(ctx context.Context, n *Net) (err error) {
	f, err := newFolder(map[string]string{"index.html": statusPage, "courses/index.html": statusPage})
	if err != nil {
		return err
	}
	fileServer := &files.FileServer{Root: f.root}
	defer func() { err = errors.Join(err, fileServer.Close(), f.remove()) }()
	stop, err := serveWeb(ctx, n, &http1.Server{Handler: fileServer}, statusHost+":80")
	if err != nil {
		return err
	}
	defer stop()
	rows := [][]string{{"typed", "status", "what it means"}}
	for _, tt := range []struct {
		line, host string
		status     int
		phrase     string
		means      string
	}{
		{"GET /index.html HTTP/1.1", statusHost, 200, "OK", "the object follows"},
		{"GET /courses HTTP/1.1", statusHost, 301, "Moved Permanently", "it is elsewhere: see Location"},
		{"GET index.html HTTP/1.1", statusHost, 400, "Bad Request", "the request was not understood"},
		{"GET /index.html HTTP/1.1", "", 400, "Bad Request", "HTTP/1.1 without Host is none"},
		{"GET /missing.html HTTP/1.1", statusHost, 404, "Not Found", "there is no such object here"},
		{"GET /index.html HTTP/2.0", statusHost, 505, "HTTP Version Not Supported", "another version of HTTP"},
	} {
		request := tt.line + "\r\n"
		if tt.host != "" {
			request += "Host: " + tt.host + "\r\n"
		}
		resp, body, err := typed(ctx, n, statusHost+":80", request+"\r\n")
		if err != nil {
			return err
		}
		got := strconv.Itoa(resp.Status) + " " + resp.Reason
		n.Expect(tt.line, strconv.Itoa(tt.status)+" "+tt.phrase, got)
		rows = append(rows, []string{tt.line, got, tt.means})
		switch {
		case tt.status == 200:
			n.Expect("the object", statusPage, body)
		case tt.status == 301:
			n.Expect("Location", "/courses/", resp.Header.Get("Location"))
		default:
			n.Expect("the page that comes with it says so", true, strings.Contains(body, tt.phrase))
		}
		n.Expect("the connection goes on", tt.status < 400 || tt.status == 404, http1.Persists(resp.Version, &resp.Header))
	}
	n.Table(rows...)
	return nil
}
