package resolver_test

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"
)

// scenarioRTT is how long a simulated server takes to answer when the file says
// nothing else.
const scenarioRTT = 10 * time.Millisecond

// network is the servers that a scenario simulates.
type network struct {
	s    *scenario
	step int // the number of the step that is played
	sent []*sent
}

// sent is a message that the resolver sent to a server.
type sent struct {
	Server netip.AddrPort
	Step   int
	Octets []byte
	seen
	Checked bool // by CHECK_OUT_QUERY
}

func (m *sent) String() string {
	what := "a message that cannot be parsed"
	if m.Message != nil {
		what = fmt.Sprintf("%v [%s]", m.Question, flagWords(m.Message))
	}
	return fmt.Sprintf("step %d: to %v tcp=%t %s", m.Step, m.Server, m.TCP, what)
}

// delivery is a reply on its way.
type delivery struct {
	After time.Duration
	From  netip.AddrPort
	Msg   []byte
}

// receive notes a message that the resolver sent.
func (n *network) receive(server netip.AddrPort, tcp bool, msg []byte) (*sent, error) {
	m, err := see(msg, tcp)
	q := &sent{Server: server, Step: n.step, Octets: slices.Clone(msg), seen: m}
	n.sent = append(n.sent, q)
	if err != nil {
		return nil, fmt.Errorf("the resolver sent what cannot be parsed: %w", err)
	}
	return q, nil
}

// replies returns what the simulated server answers to m. A message that no
// entry answers is an error: the scenario says all that may be asked.
func (n *network) replies(m *sent) ([]delivery, error) {
	for i := range n.s.Ranges {
		g := &n.s.Ranges[i]
		if !g.serves(n.step, m.Server.Addr()) {
			continue
		}
		for _, e := range g.Entries {
			words := e.Match
			if len(words) == 0 {
				words = []string{"opcode", "qtype", "qname"}
			}
			what, err := e.differs(m.seen, words)
			if err != nil {
				return nil, fmt.Errorf("entry in line %d: %w", e.Line, err)
			}
			if what == "" {
				return e.deliveries(m)
			}
		}
	}
	return nil, fmt.Errorf("%w %v", errUnanswered, m)
}

// errUnanswered means a message to a server that the scenario does not have.
var errUnanswered = errors.New("nothing in the scenario answers")

// deliveries makes the entry's packets, in the order of the file.
func (e *entry) deliveries(m *sent) (out []delivery, err error) {
	if e.Packets[0].adjusts("do_not_answer") {
		return nil, nil
	}
	for _, p := range e.Packets {
		d := delivery{After: scenarioRTT}
		delay, err := p.delay()
		if err != nil {
			return nil, err
		}
		if delay > 0 {
			d.After = delay
		}
		if d.From, err = p.source(m.Server); err != nil {
			return nil, err
		}
		if d.Msg, err = p.reply(m.Octets, m.Message); err != nil {
			return nil, fmt.Errorf("entry in line %d: %w", e.Line, err)
		}
		out = append(out, d)
	}
	return out, nil
}

// count returns how many messages a CHECK_TRAFFIC step is about: those since a
// step, to its address, and like its entry.
func (n *network) count(st *step) (c int, err error) {
	for _, m := range n.sent {
		if m.Step < st.Since || st.Addr.IsValid() && m.Server.Addr() != st.Addr || m.Message == nil {
			continue
		}
		if st.Entry != nil {
			what, err := st.Entry.differs(m.seen, st.Entry.Match)
			if err != nil {
				return 0, err
			}
			if what != "" {
				continue
			}
		}
		c++
	}
	return c, nil
}
