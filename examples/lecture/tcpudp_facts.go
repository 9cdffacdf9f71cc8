package main

import "slices"

// transportServices compares what the transport layer offers.
var transportServices = [][]string{
	{"service", "TCP", "UDP"},
	{"connection set-up", "yes", "no"},
	{"reliable", "yes", "no"},
	{"in order", "yes", "no"},
	{"flow control", "yes", "no"},
	{"congestion control", "yes", "no"},
	{"both directions", "yes, of one connection", "each datagram by itself"},
	{"timing", "no", "no"},
	{"a minimum rate", "no", "no"},
	{"security", "no", "no"},
}

// applicationNeeds says what applications ask of the transport.
var applicationNeeds = [][]string{
	{"application", "loss", "rate", "time"},
	{"file transfer", "none", "elastic", "no"},
	{"e-mail", "none", "elastic", "no"},
	{"Web documents", "none", "elastic", "no"},
	{"real-time audio", "tolerated", "5 kb/s–1 Mb/s", "hundreds of ms"},
	{"real-time video", "tolerated", "10 kb/s–5 Mb/s", "hundreds of ms"},
	{"stored audio", "tolerated", "5 kb/s–1 Mb/s", "a few seconds"},
	{"stored video", "tolerated", "10 kb/s–5 Mb/s", "a few seconds"},
	{"games", "tolerated", "a few kb/s up", "hundreds of ms"},
	{"text messaging", "none", "elastic", "yes and no"},
}

// checkNeeds holds the two tables against what the lecture says of them.
func checkNeeds(n *Net) error {
	n.Expect("services that TCP gives and UDP does not",
		[]string{"connection set-up", "reliable", "in order", "flow control", "congestion control"},
		rowsWhere(transportServices, func(r []string) bool { return r[1] == "yes" && r[2] == "no" }))
	n.Expect("services that neither gives",
		[]string{"timing", "a minimum rate", "security"},
		rowsWhere(transportServices, func(r []string) bool { return r[1] == "no" && r[2] == "no" }))
	n.Expect("applications that bear no loss are elastic",
		rowsWhere(applicationNeeds, func(r []string) bool { return r[1] == "none" }),
		rowsWhere(applicationNeeds, func(r []string) bool { return r[2] == "elastic" }))
	n.Expect("applications that bear no loss", []string{"file transfer", "e-mail", "Web documents", "text messaging"},
		rowsWhere(applicationNeeds, func(r []string) bool { return r[1] == "none" }))
	for _, want := range []struct {
		column int
		needs  string
		names  []string
	}{
		{2, "5 kb/s–1 Mb/s", []string{"real-time audio", "stored audio"}},
		{2, "10 kb/s–5 Mb/s", []string{"real-time video", "stored video"}},
		{2, "a few kb/s up", []string{"games"}},
		{3, "no", []string{"file transfer", "e-mail", "Web documents"}},
		{3, "hundreds of ms", []string{"real-time audio", "real-time video", "games"}},
		{3, "a few seconds", []string{"stored audio", "stored video"}},
		{3, "yes and no", []string{"text messaging"}},
	} {
		n.Expect(applicationNeeds[0][want.column]+" "+want.needs, want.names,
			rowsWhere(applicationNeeds, func(r []string) bool { return r[want.column] == want.needs }))
	}
	return nil
}

// rowsWhere names the rows of a table, without its heading, that hold.
func rowsWhere(table [][]string, holds func([]string) bool) (names []string) {
	for _, row := range table[1:] {
		if holds(row) && !slices.Contains(names, row[0]) {
			names = append(names, row[0])
		}
	}
	return names
}
