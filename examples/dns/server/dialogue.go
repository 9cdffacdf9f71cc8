package main

import (
	"context"
	"io"
	"log/slog"
	"strings"
)

// dialogue prints the server's query log as the lecture prints dialogues: a
// line for the question and one for the answer.
type dialogue struct{ w io.Writer }

func (dialogue) Enabled(context.Context, slog.Level) bool { return true }
func (d dialogue) WithAttrs([]slog.Attr) slog.Handler     { return d }
func (d dialogue) WithGroup(string) slog.Handler          { return d }

// Handle prints one query.
func (d dialogue) Handle(_ context.Context, r slog.Record) error {
	at := map[string]string{}
	r.Attrs(func(a slog.Attr) bool {
		at[a.Key] = a.Value.String()
		return true
	})
	question := strings.Join(strings.Fields(at["name"]+" "+at["class"]+" "+at["type"]), " ")
	_, err := io.WriteString(d.w, "C: "+question+" from "+at["proto"]+" "+at["peer"]+"\n"+
		"S: "+at["rcode"]+" "+at["bytes"]+" octets to "+at["proto"]+" "+at["peer"]+"\n")
	return err
}
