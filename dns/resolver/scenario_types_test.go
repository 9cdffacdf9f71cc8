package resolver_test

import (
	"net/netip"
	"slices"
	"time"
)

// scenario is one .rpl file: what the simulated servers answer, and the steps
// that are played against the resolver. The format is that of testbound and
// deckard; testdata/scenarios/README.md describes it with our additions.
type scenario struct {
	Title  string
	Config []setting
	Ranges []scenarioRange
	Steps  []step
}

// setting is one line of the configuration, without quotes.
type setting struct {
	Key, Value string
	Line       int
}

// scenarioRange is the answers of the servers at Addresses, valid from step
// From to step To.
type scenarioRange struct {
	From, To  int
	Addresses []netip.Addr // none stands for all
	Entries   []*entry
	Line      int
}

// serves tells whether the range answers for addr during the numbered step.
func (r *scenarioRange) serves(number int, addr netip.Addr) bool {
	if number < r.From || number > r.To {
		return false
	}
	return len(r.Addresses) == 0 || slices.Contains(r.Addresses, addr)
}

// step is one thing that happens or is checked.
type step struct {
	Number int
	Kind   string
	Addr   netip.Addr    // of the client, or of the server asked; zero where not given
	TCP    bool          // a client that asks over TCP
	Elapse time.Duration // of TIME_PASSES
	Within time.Duration // of CHECK_ANSWER: the longest it may have taken, 0 for any time
	Since  int           // of CHECK_TRAFFIC: the step from which messages count, -1 for the last QUERY
	Min    int           // of CHECK_TRAFFIC
	Max    int           // of CHECK_TRAFFIC, -1 for no upper bound
	Entry  *entry
	Line   int
}

// stepKind is what a kind of step asks of the reader.
type stepKind int

const (
	stepPlain    stepKind = iota
	stepEntry             // an entry has to follow
	stepUnplayed          // read, so that published sets can be listed, and not played
)

// stepKinds are the steps of the format. CHECK_TRAFFIC and CHECK_NO_ANSWER are
// ours, as is the option WITHIN of CHECK_ANSWER.
var stepKinds = map[string]stepKind{
	"NOTHING": stepPlain, "TIMEOUT": stepPlain, "ERROR": stepPlain, "TIME_PASSES": stepPlain,
	"QUERY": stepEntry, "CHECK_ANSWER": stepEntry, "CHECK_OUT_QUERY": stepEntry, "REPLY": stepEntry,
	"CHECK_TRAFFIC": stepPlain, "CHECK_NO_ANSWER": stepPlain,
	"ASSIGN": stepUnplayed, "TRAFFIC": stepUnplayed, "INFRA_RTT": stepUnplayed,
	"FLUSH_MESSAGE": stepUnplayed, "EXPIRE_MESSAGE": stepUnplayed,
	"CHECK_AUTOTRUST": stepUnplayed, "CHECK_TEMPFILE": stepUnplayed,
}

// entry is one message, or what a message has to look like.
type entry struct {
	Match   []string
	Packets []*packet // one, and one more for each EXTRA_PACKET
	Line    int
}

// packet is the content of a message.
type packet struct {
	Adjust   []string
	Reply    []string
	Sections [4]section // question, answer, authority, additional
	Raw      []byte     // the whole message, nil where the sections tell it
	EDNS     []byte     // options of the OPT record, as they stand on the wire
	HasEDNS  bool
}

// section is the records of a section. Given is set where the file names the
// section, be it empty.
type section struct {
	Given   bool
	Records []recordText
}

// recordText is a record or a question as the file writes it.
type recordText struct {
	Text   string
	Origin string
	TTL    string // of $TTL, empty where there is none
	Line   int
}
