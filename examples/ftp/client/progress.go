package main

import (
	"sync"

	"applayer/examples/internal/cli"
	"applayer/ftp"
)

// bars shows one bar for the transfers of a command, which may run side by
// side.
type bars struct {
	env *cli.Env

	mu   sync.Mutex // guards what is below
	bar  *cli.Progress
	done map[string]int64
}

func newBars(env *cli.Env) *bars { return &bars{env: env, done: map[string]int64{}} }

// report is called as transfers go on.
func (b *bars) report(p ftp.Progress) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.bar == nil {
		b.bar = b.env.Progress(p.Total)
	}
	b.bar.Add(p.Done - b.done[p.Name])
	b.done[p.Name] = p.Done
}

// clear removes the bar at the end of a command.
func (b *bars) clear() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.bar != nil {
		b.bar.Close()
	}
	b.bar = nil
	clear(b.done)
}
