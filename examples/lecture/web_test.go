package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/examples/internal/cli"
	"applayer/internal/testkit"
)

// One octet wrong in a reply or a request: the scenes of the Web must see it.
func TestWebScenesSpoiled(t *testing.T) {
	tests := []struct {
		name     string
		scene    Scene
		toClient bool
		octet    string // the one behind it is spoiled
		want     string
	}{
		{"an octet of an image", pageScene, true, "1111", "FAIL  objects that came whole: expected 11, got 10"},
		{"a reference to an image", pageScene, true, "<img src=\"pic", "FAIL  objects that came whole: expected 11, got 9"},
		{"another object comes", methodsScene, true, "Which ", "FAIL  its object"},
		{"HEAD tells another length", methodsScene, true, "Content-Length: ", "FAIL  the length of the object that is left out"},
		{"the URL's input", methodsScene, false, "/animalsearch?", "FAIL  GET /animalsearch?monkeys&banana"},
		{"the body's input", methodsScene, false, "\r\n\r\nmonkeys&", "FAIL  POST /animalsearch: expected \"looking for monkeys and banana\\n\", got \"looking for monkeys and Banana\\n\""},
		{"an upload", methodsScene, false, "feed the ", "FAIL  what is there"},
		{"DELETE goes astray", methodsScene, false, "DELETE /", "FAIL  DELETE /notes/today.txt: expected 204, got 404"},
		{"200", statusScene, true, "HTTP/1.1 20", "FAIL  GET /index.html HTTP/1.1"},
		{"Location", statusScene, true, "Location: /", "FAIL  Location"},
		{"404", statusScene, true, "HTTP/1.1 40", "FAIL  GET index.html HTTP/1.1"},
		{"the line typed", statusScene, false, "GET /missing", "FAIL  GET /missing.html HTTP/1.1"},
		{"the URI on the wire", uriScene, false, "custID=10", "FAIL  the shop got the same order four times"},
		{"the body on the wire", uriScene, false, "\r\n\r\ncustID=10", "FAIL  the shop got the same order four times"},
		{"the refusal of a long URI", uriScene, true, "HTTP/1.1 41", "FAIL  "},
		{"the id that Amazon gives", cookiesScene, true, "id=167", "FAIL  Set-Cookie of the response"},
		{"the id that comes back", cookiesScene, false, "id=167", "FAIL  session"},
		{"the id under which the tracker knows her", cookiesScene, false, "id=749", "FAIL  what the tracker knows"},
		{"the page where the tracker sees her", cookiesScene, false, "http://www.cia", "FAIL  what the tracker knows"},
		{"the consent", cookiesScene, false, "cookies=y", "FAIL  accepted"},
		{"the date that is known", conditionalScene, false, "If-Modified-Since: Fri, 31 Dec 1", "FAIL  asked again with If-Modified-Since: expected 304, got 200"},
		{"the tag that is known", conditionalScene, false, "If-None-Match: \"", "FAIL  asked again with If-None-Match: expected 304, got 200"},
		{"an object after the change", conditionalScene, true, "a second ", "FAIL  its object"},
	}
	for _, tt := range tests {
		t.Run(tt.scene.Name+" "+tt.name, func(t *testing.T) {
			var out bytes.Buffer
			v := playIn(t, tt.scene, &out, NetOptions{Spoil: flipBehind(tt.toClient, tt.octet)})
			assert.False(t, v.ok())
			assert.Contains(t, out.String(), tt.want)
		})
	}
}

// In a bubble a link's times are exact: the transmission of eleven objects and
// their heads is what is left beside the round trips.
func TestPageTimes(t *testing.T) {
	var out bytes.Buffer
	v := playIn(t, pageScene, &out, NetOptions{})
	require.True(t, v.ok(), out.String())
	for _, row := range []string{
		"   non-persistent, one at a time   11      11        22           2201 ms   100.0 ms  22.01\n",
		"   non-persistent, 5 at once       11      11        6            600 ms    100.0 ms  6.01\n",
		"   non-persistent, 10 at once      11      11        4            401 ms    100.0 ms  4.01\n",
		"   persistent, without pipelining  1       11        12           1201 ms   100.0 ms  12.01\n",
		"   persistent, with pipelining     1       11        3            301 ms    100.0 ms  3.01\n",
	} {
		assert.Contains(t, out.String(), row)
	}
}

// The scenes of the Web over real sockets, but for page, which takes seconds.
func TestWebScenesOverLoopback(t *testing.T) {
	testkit.NoLeaks(t)
	var stdout, stderr bytes.Buffer
	args := []string{"messages", "methods", "status", "uri-attack", "cookies", "conditional-get"}
	status := cli.Run(t.Context(), program(), args, strings.NewReader(""), &stdout, &stderr)
	assert.Zero(t, status, stdout.String()+stderr.String())
	assert.Contains(t, stdout.String(), "scenes played, all with the expected outcome: 6\n")
}
