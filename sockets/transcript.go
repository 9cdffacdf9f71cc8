package sockets

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"applayer/internal/dialogue"
)

// TranscriptLine is a line of a dialogue, as one side said it.
type TranscriptLine struct {
	// Time is when it passed, counted from [NewTranscript].
	Time time.Duration
	// Conn names the connection where there are several, as in "data".
	Conn string
	// Server tells that the server said it.
	Server bool
	// Text is what was said, without its line end.
	Text string
	// Open tells that no CRLF follows Text. It is set only where
	// [TranscriptOptions] asks for exact lines.
	Open bool
}

// String returns the line as it is written: "C: " or "S: " and the text, with
// the connection's name in brackets, the time after @, and a Go escape for
// each octet that does not print: "S[data]@1.25s: \x00\x01".
func (l TranscriptLine) String() string {
	return string(dialogue.AppendLine(nil, dialogue.Line(l)))
}

// TranscriptOptions are the choices of a [Transcript].
type TranscriptOptions struct {
	// Redact blanks the secrets of a line. Its calls come one at a time, in
	// the order of the lines, so that it may remember what was said before.
	// A line longer than MaxLine comes cut. The rest of a line whose first part
	// stands alone, because the other side spoke in between or MaxLine was
	// reached, comes behind that part, so that a secret cut in two is known as
	// one; if the two are left as they are, the rest comes once more by itself.
	// What Redact blanked stays so up to the line's end. Nil shows everything.
	//
	// It runs within the Read or Write that is recorded, while every other
	// recorded connection waits to go on; it may call Lines, not Add.
	Redact func(TranscriptLine) TranscriptLine
	// MaxLine bounds the octets of one line (default 1000, at most 128 KiB,
	// which negative stands for). What is longer is cut, and the line says by
	// how much; exact lines go on in the next one.
	MaxLine int
	// MaxLines bounds the lines kept (default 10000, negative for no bound).
	// Beyond it the oldest are dropped.
	MaxLines int
	// Live gets each line when it is complete, without the time. Its errors
	// are ignored. Nil is silent. It is called as Redact is, so a Live that
	// blocks, a pipe that nobody reads, holds up every recorded connection,
	// past their deadlines. Where that may be, give one that hands the lines to
	// a goroutine and drops what it cannot take.
	Live io.Writer
	// Exact keeps line ends apart: a line that did not end in CRLF is Open,
	// and its bare LF, if any, stays in its text. Without it CRLF, LF and the
	// end of a half line all look the same, which is easier to read.
	Exact bool
}

// Transcript records what passes on connections as the lines of a dialogue,
// "C: …" and "S: …", in the order in which they passed. Its methods may be
// used by several goroutines. Its connections share one lock while they record,
// and while the Redact and Live of [TranscriptOptions] run.
//
// A line ends at LF. What has no LF is a line as soon as the other side
// speaks, or at the end. Each datagram is one line.
type Transcript struct {
	opts  TranscriptOptions
	start time.Time

	// recording keeps the lines, and the calls of Redact and Live, in order.
	recording sync.Mutex

	mu      sync.Mutex // guards what follows, and is never held for long
	lines   []TranscriptLine
	first   int // index in lines of the oldest, once MaxLines are kept
	dropped int64
}

const (
	defaultTranscriptLine  = 1000
	mostTranscriptLine     = 128 << 10
	defaultTranscriptLines = 10000
)

// NewTranscript returns an empty transcript, whose time begins here. Nil
// options mean all defaults.
func NewTranscript(opts *TranscriptOptions) *Transcript {
	t := &Transcript{start: time.Now()}
	if opts != nil {
		t.opts = *opts
	}
	switch max := t.opts.MaxLine; {
	case max == 0:
		t.opts.MaxLine = defaultTranscriptLine
	case max < 0, max > mostTranscriptLine:
		t.opts.MaxLine = mostTranscriptLine
	}
	if t.opts.MaxLines == 0 {
		t.opts.MaxLines = defaultTranscriptLines
	}
	return t
}

// Add records one line that did not pass a connection recorded by t: what a
// protocol's own trace tells, say. The text is without its line end.
func (t *Transcript) Add(conn string, server bool, text string) {
	t.recording.Lock()
	defer t.recording.Unlock()
	text, rest := text[:min(len(text), t.opts.MaxLine)], len(text)-t.opts.MaxLine
	if rest > 0 {
		text += cutMark(int64(rest))
	}
	t.put(t.redact(TranscriptLine{Time: time.Since(t.start), Conn: conn, Server: server, Text: text}))
}

func (t *Transcript) redact(l TranscriptLine) TranscriptLine {
	if t.opts.Redact == nil {
		return l
	}
	return t.opts.Redact(l)
}

// put keeps a line, which was redacted, and shows it. The caller holds
// recording.
func (t *Transcript) put(l TranscriptLine) {
	t.keep(l)
	if t.opts.Live != nil {
		l.Time = 0
		b := dialogue.AppendLine(nil, dialogue.Line(l))
		t.opts.Live.Write(append(b, '\n')) // the dialogue goes on without it
	}
}

func (t *Transcript) keep(l TranscriptLine) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if max := t.opts.MaxLines; max < 0 || len(t.lines) < max {
		t.lines = append(t.lines, l)
		return
	}
	t.lines[t.first] = l
	t.first = (t.first + 1) % len(t.lines)
	t.dropped++
}

// Lines returns the lines kept so far. A half line is not among them until
// the other side speaks or its connection ends.
func (t *Transcript) Lines() []TranscriptLine {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Concat(t.lines[t.first:], t.lines[:t.first])
}

// Dropped tells how many lines MaxLines cost.
func (t *Transcript) Dropped() int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.dropped
}

// WriteTo writes the lines kept so far, with their times, in the form that
// [ReadTranscript] reads.
func (t *Transcript) WriteTo(w io.Writer) (int64, error) {
	var total int64
	var b []byte
	for _, l := range t.Lines() {
		b = append(dialogue.AppendLine(b[:0], dialogue.Line(l)), '\n')
		n, err := w.Write(b)
		total += int64(n)
		if err != nil {
			return total, err
		}
	}
	return total, nil
}

// cutMark is what a line ends in when octets of it were left out.
func cutMark(octets int64) string { return fmt.Sprintf(" … %d octets more", octets) }

// transcriptDirection splits into lines what one side of one connection says.
type transcriptDirection struct {
	t      *Transcript
	conn   string
	server bool

	pending []byte        // the line so far, at most MaxLine octets
	cut     int64         // octets of the line left out
	last    time.Duration // when the latest octet of the line passed

	// For Redact, of the line's parts that stand already: their octets, at most
	// MaxLine, and whether any was blanked.
	begun  []byte
	secret bool
}

// write takes octets of a stream. The caller holds t.recording.
func (d *transcriptDirection) write(b []byte) {
	now := time.Since(d.t.start)
	for len(b) > 0 {
		n := bytes.IndexByte(b, '\n') + 1
		if n > 0 {
			d.add(b[:n], now)
			d.flush()
			d.ended()
			b = b[n:]
			continue
		}
		d.add(b, now)
		return
	}
}

// packet takes one datagram. The caller holds t.recording.
func (d *transcriptDirection) packet(b []byte) {
	d.add(b, time.Since(d.t.start))
	if len(b) == 0 {
		d.t.put(d.t.redact(TranscriptLine{Time: d.last, Conn: d.conn, Server: d.server, Open: d.t.opts.Exact}))
		return
	}
	d.flush()
	d.ended()
}

// add puts octets at the end of the pending line, as many as its limit takes.
func (d *transcriptDirection) add(b []byte, now time.Duration) {
	d.last = now
	for {
		n := min(len(b), d.t.opts.MaxLine-len(d.pending))
		// The line end may go beyond the limit.
		if rest := b[n:]; string(rest) == "\n" || string(rest) == "\r\n" {
			n = len(b)
		}
		d.pending = append(d.pending, b[:n]...)
		b = b[n:]
		if len(b) == 0 {
			return
		}
		if !d.t.opts.Exact {
			d.cut += int64(len(bytes.TrimRight(b, "\r\n")))
			return
		}
		d.flush()
	}
}

// flush makes a line of what is pending, if anything is.
func (d *transcriptDirection) flush() {
	if len(d.pending) == 0 {
		return
	}
	l := TranscriptLine{Time: d.last, Conn: d.conn, Server: d.server, Text: string(d.pending)}
	text, crlf := strings.CutSuffix(l.Text, "\r\n")
	switch {
	case crlf:
		l.Text = text
	case d.t.opts.Exact:
		l.Open = true
	default:
		l.Text = strings.TrimSuffix(l.Text, "\n")
	}
	if d.cut > 0 {
		l.Text += cutMark(d.cut)
	}
	d.pending, d.cut = d.pending[:0], 0
	d.t.put(d.redact(l))
}

// redact is the transcript's, for what may be a later part of a line.
func (d *transcriptDirection) redact(l TranscriptLine) TranscriptLine {
	if d.t.opts.Redact == nil {
		return l
	}
	whole := l
	whole.Text = string(d.begun) + l.Text
	shown := d.t.redact(whole)
	blanked := shown.Text != whole.Text
	if len(d.begun) > 0 {
		if d.secret || blanked {
			shown, blanked = l, true
			shown.Text = "…"
		} else {
			shown = d.t.redact(l)
			blanked = shown.Text != l.Text
		}
	}
	d.secret = d.secret || blanked
	d.begun = append(d.begun, l.Text[:min(len(l.Text), d.t.opts.MaxLine-len(d.begun))]...)
	return shown
}

// ended tells that what follows is another line.
func (d *transcriptDirection) ended() { d.begun, d.secret = d.begun[:0], false }
