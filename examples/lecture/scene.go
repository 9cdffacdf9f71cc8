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
	telnetScene,
	hybridScene,
	tlsScene,
	messagesScene,
	pageScene,
	methodsScene,
	statusScene,
	uriScene,
	cookiesScene,
	conditionalScene,
	ftpScene,
	smtpScene,
	aliceBobScene,
	rfc822Scene,
	mimeScene,
	pop3Scene,
	hierarchyScene,
	cacheTTLScene,
	digScene,
	recordsScene,
	attacksScene,
}

// sceneTime bounds one scene, sceneGrace included.
const sceneTime = 10 * time.Second

// verdict is how a scene ended.
type verdict struct {
	passed, failed int
	err            error
}

func (v verdict) ok() bool { return v.err == nil && v.failed == 0 }

// sceneGrace is what a scene has to end in once its context has: because the
// rest of its time is over, or by an interrupt.
const sceneGrace = 500 * time.Millisecond

// play runs one scene and prints its heading, what it reports and its
// verdict. A scene that does not end in time is left behind: it has failed,
// and nothing it reports later is printed.
func play(ctx context.Context, s Scene, n *Net) verdict {
	ctx, cancel := context.WithTimeout(ctx, sceneTime-sceneGrace)
	defer cancel()
	fmt.Fprintf(n.out, "== %s: %s\n", s.Name, s.Title)
	start := time.Now()
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx, n) }()
	var v verdict
	select {
	case v.err = <-ended:
	case <-ctx.Done():
		late := time.NewTimer(sceneGrace)
		defer late.Stop()
		select {
		case v.err = <-ended:
		case <-late.C:
			v.err = fmt.Errorf("%s: does not end: %w", s.Name, context.Cause(ctx))
		}
	}
	out := n.leave()
	v.passed, v.failed = n.outcomes()
	if v.err == nil && v.passed+v.failed == 0 {
		v.err = fmt.Errorf("%s: no outcome was checked", s.Name)
	}
	v.print(out, s.Name, time.Since(start))
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
