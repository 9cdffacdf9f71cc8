package main

import (
	"context"
	"errors"
	"log/slog"
	"strings"

	"applayer/http1"
	"applayer/http1/cookie"
	"applayer/http1/form"
)

// site is what the server has: files, and /form.
type site struct {
	files    http1.Handler
	sessions *cookie.Sessions // nil without -session-db
	maxURI   int
	log      *slog.Logger
}

// ServeHTTP answers one request.
func (s *site) ServeHTTP(ctx context.Context, w *http1.ResponseWriter, r *http1.Request) {
	if n := len(r.Target.String()); n > s.maxURI {
		w.Error(http1.StatusURITooLong, "URI too long")
		return
	}
	if !s.visit(w, r) {
		return
	}
	if r.Target.Path == "/form" {
		s.form(w, r)
		return
	}
	s.files.ServeHTTP(ctx, w, r)
}

// visit gives a visitor who has none a cookie. One whose id was not issued here
// has none: it gets another.
func (s *site) visit(w *http1.ResponseWriter, r *http1.Request) bool {
	if s.sessions == nil {
		return true
	}
	x, fresh, err := s.sessions.Visit(r.Header.Get("Cookie"))
	if _, bad := errors.AsType[*cookie.ParseError](err); bad {
		// Another server on this host may have set what we cannot read.
		x, err = s.sessions.Create(nil)
		fresh = true
	}
	if err != nil {
		s.log.Error("session", "peer", r.RemoteAddr, "err", err)
		w.Error(http1.StatusServiceUnavailable, "no session can be kept")
		return false
	}
	if fresh {
		w.Header().Add("Set-Cookie", s.sessions.SetCookie(x))
	}
	return true
}

// form answers with what a form sent, in its query and its body.
func (s *site) form(w *http1.ResponseWriter, r *http1.Request) {
	const methods = "GET, HEAD, OPTIONS, POST"
	switch r.Method {
	case http1.MethodGet, http1.MethodHead, http1.MethodPost:
	case http1.MethodOptions:
		w.Header().Set("Allow", methods)
		w.WriteHeader(http1.StatusNoContent)
		return
	case http1.MethodPut, http1.MethodDelete, http1.MethodPatch, http1.MethodTrace, http1.MethodConnect:
		w.Header().Set("Allow", methods)
		w.Error(http1.StatusMethodNotAllowed, "a form is for GET and POST")
		return
	default:
		w.Error(http1.StatusNotImplemented, "method not known")
		return
	}
	f, err := form.ReadRequest(r, nil)
	if err != nil {
		status := form.Status(err)
		w.Error(status, http1.StatusText(status)+": "+err.Error())
		return
	}
	defer f.Close()
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	for _, fields := range []form.Fields{f.Query, f.Fields} {
		for _, field := range fields {
			writeLine(w, field.Name, field.Value)
		}
	}
	for _, file := range f.Files {
		writeLine(w, file.Name, file.FileName)
	}
}

// lines keeps a name and its value on one line.
var lines = strings.NewReplacer("\r", `\r`, "\n", `\n`)

func writeLine(w *http1.ResponseWriter, name, value string) {
	w.WriteString(lines.Replace(name) + "=" + lines.Replace(value) + "\n")
}
