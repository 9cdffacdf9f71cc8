package resolver_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"testing/synctest"
	"time"

	"applayer/dns"
)

// scenarioPatience is how long a step waits for what it checks.
const scenarioPatience = 2 * time.Minute

// subject is what a scenario is played against: the client side of a resolver.
// It returns the answer's octets, nil where there is none.
type subject func(client netip.AddrPort, tcp bool, msg []byte) []byte

// clientQuery is a question that a QUERY step asked.
type clientQuery struct {
	*step
	octets   []byte
	question *dns.Message
	asked    time.Time
	answer   chan clientAnswer
	checked  bool
}

// clientAnswer is what a client got, and when.
type clientAnswer struct {
	octets []byte
	at     time.Time
}

// player plays the steps of one scenario. It runs in a synctest bubble.
type player struct {
	s       *scenario
	net     *memoryNet
	ask     subject
	queries []*clientQuery
	asking  sync.WaitGroup
}

// Close ends the servers and waits until nobody asks.
func (p *player) Close() {
	p.net.Close()
	p.asking.Wait()
}

// errUnplayed means a step that only other players know.
var errUnplayed = errors.New("a step that is not played here")

// play plays all steps in their order; the error is that of the first that fails.
func (p *player) play() error {
	for i := range p.s.Steps {
		st := &p.s.Steps[i]
		p.net.enter(p.number(i), p.holder(i))
		err := p.step(st)
		if failed := p.net.failure(); failed != nil {
			err = failed
		}
		if err != nil {
			return fmt.Errorf("step %d %s, line %d: %w", st.Number, st.Kind, st.Line, err)
		}
	}
	return nil
}

// number is the step whose ranges answer while the step at i is played: what a
// question causes belongs to the step behind it.
func (p *player) number(i int) int {
	if p.s.Steps[i].Kind == "QUERY" && i+1 < len(p.s.Steps) {
		i++
	}
	return p.s.Steps[i].Number
}

// holder tells which messages wait for a step instead of being answered from
// the ranges: those that the step at i or the one behind it checks.
func (p *player) holder(i int) func(*sent) bool {
	steps := p.s.Steps[i:min(i+2, len(p.s.Steps))]
	return func(m *sent) bool {
		for _, st := range steps {
			if st.Kind == "CHECK_OUT_QUERY" && p.checksOut(&st, m) == "" || m.Checked && st.Kind == "REPLY" || st.Kind == "TIMEOUT" {
				return true
			}
		}
		return false
	}
}

// step plays one step.
func (p *player) step(st *step) error {
	switch st.Kind {
	case "NOTHING":
		return nil
	case "QUERY":
		return p.query(st)
	case "CHECK_ANSWER":
		return p.checkAnswer(st)
	case "CHECK_NO_ANSWER":
		return p.checkNoAnswer()
	case "CHECK_OUT_QUERY":
		return p.checkOutQuery(st)
	case "REPLY":
		return p.reply(st)
	case "TIMEOUT", "ERROR":
		return p.timeout()
	case "CHECK_TRAFFIC":
		return p.checkTraffic(st)
	case "TIME_PASSES":
		time.Sleep(st.Elapse)
		synctest.Wait()
		return nil
	}
	return errUnplayed
}

// query asks, each time from another port and with another ID.
func (p *player) query(st *step) error {
	packet := st.Entry.Packets[0]
	q, err := packet.message()
	if err != nil {
		return err
	}
	n := len(p.queries) + 1
	q.ID = uint16(n) * 0x1357
	octets := packet.Raw
	if len(octets) >= 2 {
		q.ID = binary.BigEndian.Uint16(octets)
	} else if octets, err = dns.AppendMessage(nil, q); err != nil {
		return err
	}
	client := st.Addr
	if !client.IsValid() {
		client = netip.AddrFrom4([4]byte{127, 0, 0, 1})
	}
	c := &clientQuery{step: st, octets: octets, question: q, asked: time.Now(), answer: make(chan clientAnswer, 1)}
	p.queries = append(p.queries, c)
	p.asking.Go(func() {
		b := p.ask(netip.AddrPortFrom(client, uint16(40000+n)), st.TCP, octets)
		c.answer <- clientAnswer{b, time.Now()}
	})
	synctest.Wait() // so that questions arrive in their order
	return nil
}

// next returns the oldest query whose answer was not checked, preferring those
// that ask what the entry is about.
func (p *player) next(e *entry) *clientQuery {
	var first *clientQuery
	for _, c := range p.queries {
		if c.checked {
			continue
		}
		what, err := e.differs(seen{Message: c.question}, []string{"qcase", "qtype"})
		if err == nil && what == "" {
			return c
		}
		if first == nil {
			first = c
		}
	}
	return first
}

// checkAnswer waits for an answer and compares it with the entry.
func (p *player) checkAnswer(st *step) error {
	c := p.next(st.Entry)
	if c == nil {
		return errors.New("no question is open")
	}
	c.checked = true
	var a clientAnswer
	select {
	case a = <-c.answer:
	case <-time.After(scenarioPatience):
		return errors.New("no answer")
	}
	if a.octets == nil {
		return errors.New("no answer: the question was dropped")
	}
	if took := a.at.Sub(c.asked); st.Within > 0 && took > st.Within {
		return fmt.Errorf("the answer took %v, want %v at most", took, st.Within)
	}
	m, err := see(a.octets, c.TCP)
	if err != nil {
		return fmt.Errorf("the answer cannot be parsed: %w", err)
	}
	if m.ID != c.question.ID {
		return fmt.Errorf("the answer has ID %d, want %d", m.ID, c.question.ID)
	}
	what, err := st.Entry.differs(m, p.words(st.Entry, m))
	if err == nil && what != "" {
		err = errors.New(what)
	}
	return err
}

// words returns what is compared. Published sets expect the zone's servers and
// their addresses beside an answer, which we leave out.
func (p *player) words(e *entry, m seen) []string {
	if !p.net.lenient || len(m.Answer) == 0 {
		return e.Match
	}
	return slices.DeleteFunc(e.expand(e.Match), func(w string) bool {
		return w == "authority" && len(m.Authority) == 0 || w == "additional" && len(m.Additional) == 0
	})
}

// checkNoAnswer makes sure that the last question is not answered.
func (p *player) checkNoAnswer() error {
	c := p.queries[len(p.queries)-1]
	c.checked = true
	select {
	case a := <-c.answer:
		if a.octets != nil {
			return errors.New("the question was answered")
		}
	case <-time.After(scenarioPatience):
	}
	return nil
}

// checksOut tells in what m is not the message that the step checks.
func (p *player) checksOut(st *step, m *sent) string {
	if st.Addr.IsValid() && m.Server.Addr() != st.Addr {
		return "to " + m.Server.String()
	}
	words := st.Entry.Match
	if len(words) == 0 {
		words = []string{"opcode", "qtype", "qname"}
	}
	what, err := st.Entry.differs(m.seen, words)
	if err != nil {
		return err.Error()
	}
	return what
}

// checkOutQuery waits for a message to a server and has it wait for a REPLY.
func (p *player) checkOutQuery(st *step) error {
	if p.await(func() bool {
		return p.net.check(func(m *sent) bool { return p.checksOut(st, m) == "" })
	}) {
		return nil
	}
	return errors.New("no such message was sent")
}

// reply answers the message that was checked, or the last that waits.
func (p *player) reply(st *step) error {
	synctest.Wait()
	if err := p.net.answerHeld(st.Entry); err != nil {
		return err
	}
	synctest.Wait()
	return nil
}

// timeout waits for a message, which gets lost.
func (p *player) timeout() error {
	if !p.await(p.net.drop) && !p.net.lenient {
		return errors.New("no message was sent")
	}
	return nil
}

// await lets time pass until done is true.
func (p *player) await(done func() bool) bool {
	for range int(scenarioPatience / scenarioRTT) {
		synctest.Wait()
		if done() {
			return true
		}
		time.Sleep(scenarioRTT)
	}
	return false
}

// checkTraffic counts the messages that were sent.
func (p *player) checkTraffic(st *step) error {
	synctest.Wait()
	counted := *st
	if counted.Since < 0 {
		for _, c := range p.queries {
			counted.Since = c.Number
		}
	}
	p.net.mu.Lock()
	defer p.net.mu.Unlock()
	n, err := p.net.servers.count(&counted)
	switch {
	case err != nil:
		return err
	case n < st.Min:
		return fmt.Errorf("%d messages, want %d at least", n, st.Min)
	case st.Max >= 0 && n > st.Max:
		return fmt.Errorf("%d messages, want %d at most", n, st.Max)
	}
	return nil
}

// enter begins a step: messages that no longer wait for one are answered.
func (m *memoryNet) enter(number int, hold func(*sent) bool) {
	m.mu.Lock()
	m.servers.step, m.hold = number, hold
	m.mu.Unlock()
	m.release()
}

// failure is what the resolver did that no scenario allows.
func (m *memoryNet) failure() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.err
}

// check marks the first message that waits and is wanted.
func (m *memoryNet) check(wanted func(*sent) bool) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, h := range m.held {
		if !h.Checked && wanted(h.sent) {
			h.Checked = true
			return true
		}
	}
	return false
}

// answerHeld answers a message that waits.
func (m *memoryNet) answerHeld(e *entry) error {
	h := m.takeHeld(e)
	if h == nil {
		return errors.New("no message waits for it")
	}
	ds, err := e.deliveries(h.sent)
	for _, d := range ds {
		h.reply(d)
	}
	return err
}

// takeHeld takes the message that e is the reply to: the last that was asked,
// the one that was checked, or the one that waits longest; nil where none does.
func (m *memoryNet) takeHeld(e *entry) *heldMessage {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.held) == 0 {
		return nil
	}
	i := -1
	for j, h := range m.held {
		if what, err := e.differs(h.seen, []string{"qname", "qtype"}); err == nil && what == "" {
			i = j
		}
	}
	if i < 0 {
		i = max(0, slices.IndexFunc(m.held, func(h *heldMessage) bool { return h.Checked }))
	}
	h := m.held[i]
	m.held = slices.Delete(m.held, i, i+1)
	return h
}

// drop forgets the message that waits longest: it is never answered.
func (m *memoryNet) drop() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.held) == 0 {
		return false
	}
	m.held = m.held[1:]
	return true
}
