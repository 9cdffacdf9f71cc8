package fsm

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
)

// WriteStates writes the rules as a Markdown table, in their order.
func (t *Table[S, E]) WriteStates(w io.Writer) error {
	var b bytes.Buffer
	b.WriteString("| from | on | to | section |\n|---|---|---|---|\n")
	for _, r := range t.rules {
		fmt.Fprintf(&b, "| %v | %v | %v | %s |\n", r.From, r.On, r.To, r.Ref)
	}
	_, err := b.WriteTo(w)
	return err
}

// WriteStatesDOT writes the rules as a graph in the language of Graphviz.
func (t *Table[S, E]) WriteStatesDOT(w io.Writer) error {
	var b bytes.Buffer
	b.WriteString("digraph states {\n\trankdir=LR;\n")
	for _, r := range t.rules {
		fmt.Fprintf(&b, "\t%s -> %s [label=%s];\n", quote(r.From), quote(r.To), quote(r.On))
	}
	b.WriteString("}\n")
	_, err := b.WriteTo(w)
	return err
}

func quote(v any) string { return strconv.Quote(fmt.Sprint(v)) }
