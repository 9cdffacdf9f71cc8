package cli

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// Progress is a bar on the terminal that grows with what is written to it.
type Progress struct {
	w      io.Writer // nil is no bar
	total  int64
	done   int64
	began  time.Time
	last   time.Time
	wrote  bool
	target int
}

// Progress returns a bar for total octets, -1 if they are not known. It shows
// itself where the program's standard error is a terminal and the work takes
// longer than a moment.
func (env *Env) Progress(total int64) *Progress {
	p := &Progress{total: total, began: time.Now(), target: 40}
	if l, ok := env.Stderr.(*lockedWriter); ok && isTerminal(l.w) {
		p.w = env.Stderr
	}
	return p
}

// Interactive tells whether the program's standard input is a terminal.
func (env *Env) Interactive() bool {
	s, ok := env.Stdin.(*interruptible)
	return ok && isTerminal(s.r)
}

// isTerminal tells whether a stream is a device of characters.
func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// Write counts octets.
func (p *Progress) Write(b []byte) (int, error) {
	p.Add(int64(len(b)))
	return len(b), nil
}

// Add counts octets.
func (p *Progress) Add(n int64) {
	p.done += n
	if now := time.Now(); p.w != nil && now.Sub(p.began) > 500*time.Millisecond && now.Sub(p.last) > 200*time.Millisecond {
		p.last, p.wrote = now, true
		fmt.Fprintf(p.w, "\r%s\x1b[K", p.line(now))
	}
}

// line is the bar as it stands.
func (p *Progress) line(now time.Time) string {
	rate := float64(p.done) / max(now.Sub(p.began).Seconds(), 0.001)
	s := fmt.Sprintf("%.1f MiB, %.1f MiB/s", float64(p.done)/(1<<20), rate/(1<<20))
	if p.total <= 0 {
		return s
	}
	part := min(float64(p.done)/float64(p.total), 1)
	filled := int(part * float64(p.target))
	return fmt.Sprintf("[%s%s] %3.0f %%, %s", strings.Repeat("#", filled), strings.Repeat(" ", p.target-filled), part*100, s)
}

// Close removes the bar.
func (p *Progress) Close() error {
	if p.wrote {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
	return nil
}
