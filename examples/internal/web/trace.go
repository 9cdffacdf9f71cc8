// Package web holds what the programs of the Web share.
package web

import (
	"fmt"

	"applayer/examples/internal/cli"
	"applayer/http1"
	"applayer/sockets"
)

// Trace prints the heads of the messages to stderr under -v, in the form of a
// transcript; credentials are shown under -v-secrets alone. Without -v it is
// nil.
func Trace(env *cli.Env) *http1.Trace {
	if !env.Verbose {
		return nil
	}
	t := &http1.Trace{Line: func(by http1.Side, line []byte) {
		fmt.Fprintln(env.Stderr, sockets.TranscriptLine{Server: by == http1.SideServer, Text: string(line)})
	}}
	if env.Secrets {
		t.Show = []string{"Authorization", "Cookie", "Proxy-Authorization", "Set-Cookie"}
	}
	return t
}
