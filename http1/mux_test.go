package http1_test

import (
	"context"
	"fmt"
	"io"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/http1"
)

// named answers with its name and the values of the pattern.
func named(name string, values ...string) http1.Handler {
	return http1.HandlerFunc(func(_ context.Context, w *http1.ResponseWriter, r *http1.Request) {
		fmt.Fprint(w, name)
		for _, v := range values {
			fmt.Fprintf(w, " %s=%q", v, r.PathValue(v))
		}
	})
}

func TestMux(t *testing.T) {
	var m http1.Mux
	for pattern, values := range map[string][]string{
		"GET /":                      nil,
		"GET /animals/{name}":        {"name"},
		"GET /animals/monkey":        nil,
		"PUT /animals/{name}":        {"name"},
		"DELETE /animals/{which}":    {"which"},
		"POST /animals/monkey":       nil,
		"HEAD /animals/monkey":       nil,
		"GET /animals/{name}/photo":  {"name"},
		"GET /{kind}/{name}/photo":   {"kind", "name"},
		"/any":                       nil,
		"/dir/":                      nil,
		"GET /files/{path...}":       {"path"},
		"GET zoo.example/animals/ox": nil,
		"GET zoo.example/{rest...}":  {"rest"},
		"BREW /pot":                  nil,
	} {
		m.Handle(pattern, named(pattern, values...))
	}
	m.HandleFunc("CONNECT", func(_ context.Context, w *http1.ResponseWriter, _ *http1.Request) { w.Error(403, "no tunnel") })
	const any = "a.example"
	tests := []struct {
		name, method, host, target string
		status                     int
		body                       string
	}{
		{"root", "GET", any, "/", 200, "GET /"},
		{"itself before a name", "GET", any, "/animals/monkey", 200, "GET /animals/monkey"},
		{"name", "GET", any, "/animals/zebra?x=1", 200, `GET /animals/{name} name="zebra"`},
		{"names of like patterns differ", "DELETE", any, "/animals/zebra", 200, `DELETE /animals/{which} which="zebra"`},
		{"the method decides behind the path", "PUT", any, "/animals/monkey", 200, `PUT /animals/{name} name="monkey"`},
		{"decoded", "GET", any, "/animals/gr%C3%BCn%2Fblau", 200, `GET /animals/{name} name="grün/blau"`},
		{"itself decoded", "GET", any, "/%61nimals/monkey", 200, "GET /animals/monkey"},
		{"the first part decides", "GET", any, "/animals/ox/photo", 200, `GET /animals/{name}/photo name="ox"`},
		{"another first part", "GET", any, "/plants/oak/photo", 200, `GET /{kind}/{name}/photo kind="plants" name="oak"`},
		{"any method", "PATCH", any, "/any", 200, "/any"},
		{"any method, unknown", "BREW", any, "/any", 200, "/any"},
		{"a slash at the end is itself", "GET", any, "/dir/", 200, "/dir/"},
		{"without it another path", "GET", any, "/dir", 404, "not found\n"},
		{"nothing below it", "GET", any, "/dir/x", 404, "not found\n"},
		{"the rest", "GET", any, "/files/a/b%20c", 200, `GET /files/{path...} path="a/b c"`},
		{"the rest is nothing", "GET", any, "/files/", 200, `GET /files/{path...} path=""`},
		{"no rest without its slash", "GET", any, "/files", 404, "not found\n"},
		{"a host before none", "GET", "ZOO.example:8080", "/animals/monkey", 200, `GET zoo.example/{rest...} rest="animals/monkey"`},
		{"a host's own", "GET", "zoo.example", "/animals/ox", 200, "GET zoo.example/animals/ox"},
		{"back to none where the host has no such method", "PUT", "zoo.example", "/animals/ox", 200, `PUT /animals/{name} name="ox"`},
		{"absolute-form names the host", "GET", any, "http://zoo.example/animals/ox", 200, "GET zoo.example/animals/ox"},
		{"a method of its own", "BREW", any, "/pot", 200, "BREW /pot"},
		{"authority-form", "CONNECT", any, "b.example:443", 403, "no tunnel\n"},
		{"a name is not empty", "GET", any, "/animals/", 404, "not found\n"},
		{"a name is not ..", "GET", any, "/animals/..", 404, "not found\n"},
		{"a name is not .. encoded", "GET", any, "/animals/%2e%2E", 404, "not found\n"},
		{"a name has no NUL", "GET", any, "/animals/a%00b", 404, "not found\n"},
		{"no rest has ..", "GET", any, "/files/a/../b", 404, "not found\n"},
		{"no rest has .. behind an encoded slash", "GET", any, "/files/a%2f..%2fb", 404, "not found\n"},
		{"9110-9.1 unknown method", "GRILL", any, "/animals/ox", 501, "method not known: GRILL\n"},
		{"9110-9.1 methods have a case", "get", any, "/", 501, "method not known: get\n"},
		{"9110-15.5.6 method not allowed", "POST", any, "/", 405, "method not allowed: POST\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := received(t, tt.method+" "+tt.target+" HTTP/1.1\r\nHost: "+tt.host+"\r\n\r\n")
			resp, err := http1.Record(t.Context(), &m, r)
			require.NoError(t, err)
			body, err := io.ReadAll(resp.Body)
			require.NoError(t, err)
			assert.Equal(t, tt.body, string(body))
			assert.Equal(t, tt.status, resp.Status)
		})
	}
}

func TestMuxMethods(t *testing.T) {
	var m http1.Mux
	m.Handle("GET /a", named("get"))
	m.Handle("PUT /{x}", named("put", "x"))
	m.Handle("HEAD /h", http1.HandlerFunc(func(_ context.Context, w *http1.ResponseWriter, _ *http1.Request) { w.WriteHeader(404) }))
	m.Handle("GET /h", named("get"))
	tests := []struct {
		name, start string
		status      int
		allow       string
	}{
		{"9110-10.2.1 405 lists what there is", "POST /a", 405, "GET, HEAD, OPTIONS, PUT"},
		{"9110-9.3.7 OPTIONS of a path", "OPTIONS /a", 204, "GET, HEAD, OPTIONS, PUT"},
		{"9110-9.3.7 OPTIONS of another", "OPTIONS /b", 204, "OPTIONS, PUT"},
		{"9110-9.3.7 OPTIONS of the server", "OPTIONS *", 204, "GET, HEAD, OPTIONS, PUT"},
		{"9112-3.2.4 the same in absolute-form", "OPTIONS http://a.example", 204, "GET, HEAD, OPTIONS, PUT"},
		{"9110-9.3.2 HEAD by itself", "HEAD /a", 200, ""},
		{"HEAD of its own", "HEAD /h", 404, ""},
		{"CONNECT without a handler", "CONNECT a.example:443", 404, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			resp, err := http1.Record(t.Context(), &m, received(t, tt.start+" HTTP/1.1\r\nHost: a.example\r\n\r\n"))
			require.NoError(t, err)
			assert.Equal(t, tt.status, resp.Status)
			assert.Equal(t, tt.allow, resp.Header.Get("Allow"))
		})
	}
}

func TestMuxRefusesPatterns(t *testing.T) {
	for _, pattern := range []string{"", "GET", "GET a.example", "G(ET /", "GET a b/", "/{}", "/{a", "/{a...}/b", "/{a}/{a}", "/x"} {
		t.Run(pattern, func(t *testing.T) {
			var m http1.Mux
			m.Handle("/x", named("x"))
			assert.Panics(t, func() { m.Handle(pattern, named("y")) })
		})
	}
}

func TestMuxAllocatesNothing(t *testing.T) {
	var m http1.Mux
	m.HandleFunc("GET /animals/{name}/{part}", func(context.Context, *http1.ResponseWriter, *http1.Request) {})
	m.HandleFunc("GET /animals/monkey", func(context.Context, *http1.ResponseWriter, *http1.Request) {})
	r := received(t, "GET /animals/zebra/tail HTTP/1.1\r\nHost: a\r\n\r\n")
	ctx := t.Context()
	assert.Zero(t, testing.AllocsPerRun(100, func() { m.ServeHTTP(ctx, nil, r) }))
	assert.Equal(t, "tail", r.PathValue("part"))
	assert.Empty(t, r.PathValue("whole"))
}

func ExampleMux() {
	var m http1.Mux
	m.HandleFunc("GET /animals/{name}", func(_ context.Context, w *http1.ResponseWriter, r *http1.Request) {
		fmt.Fprintf(w, "a %s\n", r.PathValue("name"))
	})
	for _, method := range []string{"GET", "POST"} {
		r := &http1.Request{Method: method, Target: http1.Target{Authority: "example.com", Path: "/animals/monkey"}}
		resp, err := http1.Record(context.Background(), &m, r)
		if err != nil {
			fmt.Println(err)
			return
		}
		body, _ := io.ReadAll(resp.Body)
		fmt.Printf("%d [%s] %s", resp.Status, resp.Header.Get("Allow"), body)
	}
	// Output:
	// 200 [] a monkey
	// 405 [GET, HEAD, OPTIONS] method not allowed: POST
}
