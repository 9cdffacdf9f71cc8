package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"
)

// Scene is one scene of the lecture. Each stands in a file of its own.
type Scene struct {
	// Name is what the command line calls it.
	Name string
	// Title says in a line what it shows.
	Title string
	// Run plays the scene on n and reports each outcome with [Net.Expect]. An
	// error means that the scene could not be played to its end;
	// [errors.ErrUnsupported], that this system cannot play it.
	Run func(ctx context.Context, n *Net) error
}

// scenes are all scenes in the order of the lecture.
var scenes = []Scene{
	upperScene,
	callsScene,
	tcpudpScene,
	tablesScene,
	hybridScene,
}

// sceneTime bounds one scene.
const sceneTime = 10 * time.Second

// verdict is how a scene ended.
type verdict struct {
	passed, failed int
	err            error
}

func (v verdict) ok() bool { return v.err == nil && v.failed == 0 }

// play runs one scene and prints its heading, what it reports and its
// verdict.
func play(ctx context.Context, s Scene, n *Net) verdict {
	ctx, cancel := context.WithTimeout(ctx, sceneTime)
	defer cancel()
	fmt.Fprintf(n.out, "== %s: %s\n", s.Name, s.Title)
	start := time.Now()
	v := verdict{err: s.Run(ctx, n)}
	v.passed, v.failed = n.outcomes()
	if v.err == nil && v.passed+v.failed == 0 {
		v.err = fmt.Errorf("%s: no outcome was checked", s.Name)
	}
	v.print(n.out, s.Name, time.Since(start))
	return v
}

func (v verdict) print(w io.Writer, name string, dur time.Duration) {
	word := "passed"
	switch {
	case errors.Is(v.err, errors.ErrUnsupported):
		word = "skipped"
	case !v.ok():
		word = "FAILED"
	}
	fmt.Fprintf(w, "-- %s: %s, %d of %d outcomes as expected, %d ms\n", name, word, v.passed, v.passed+v.failed, dur.Milliseconds())
	if v.err != nil {
		fmt.Fprintf(w, "   %v\n", v.err)
	}
	fmt.Fprintln(w)
}
