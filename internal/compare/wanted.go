package main

import (
	_ "embed"
	"fmt"
	"strconv"
	"strings"
)

//go:embed wanted.txt
var wantedText string

// wanted is one line of wanted.txt.
type wanted struct {
	subject, unit, ours, peer string
	atLeast                   bool
	figure                    float64
}

// ratio tells that the figure compares us with a peer.
func (w wanted) ratio() bool { return w.unit == "ratio" }

// parseWanted takes the form of wanted.txt.
func parseWanted(text string) ([]wanted, error) {
	var all []wanted
	n := 0
	for line := range strings.Lines(text) {
		n++
		line, _, _ = strings.Cut(line, "#")
		if strings.TrimSpace(line) == "" {
			continue
		}
		w, err := parseWantedLine(strings.Fields(line))
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		all = append(all, w)
	}
	return all, nil
}

func parseWantedLine(fields []string) (wanted, error) {
	if len(fields) != 6 {
		return wanted{}, fmt.Errorf("%d fields, not 6", len(fields))
	}
	w := wanted{subject: fields[0], unit: fields[1], ours: fields[2], peer: fields[3], atLeast: fields[4] == ">="}
	if !w.atLeast && fields[4] != "<=" {
		return wanted{}, fmt.Errorf("%q is neither >= nor <=", fields[4])
	}
	if w.ratio() == (w.peer == "-") {
		return wanted{}, fmt.Errorf("a ratio has a peer, and only a ratio")
	}
	figure, err := strconv.ParseFloat(fields[5], 64)
	if err != nil {
		return wanted{}, fmt.Errorf("wanted figure: %w", err)
	}
	w.figure = figure
	return w, nil
}
