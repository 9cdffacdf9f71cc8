package telnet_test

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/sockets/telnet"
)

// TestNegotiatorRefusesByDefault: the zero value agrees to nothing and says so
// once for each time it is asked.
func TestNegotiatorRefusesByDefault(t *testing.T) {
	var n telnet.Negotiator
	for o := range 256 {
		assert.Equal(t, telnet.CommandDont, n.Receive(telnet.CommandWill, telnet.Option(o)))
		assert.Equal(t, telnet.CommandWont, n.Receive(telnet.CommandDo, telnet.Option(o)))
		assert.Zero(t, n.Receive(telnet.CommandWont, telnet.Option(o)), "what is off needs no answer")
		assert.Zero(t, n.Receive(telnet.CommandDont, telnet.Option(o)))
	}
	assert.Zero(t, n.Receive(telnet.CommandIP, 1), "no negotiation")
	assert.Equal(t, telnet.Negotiator{}, n, "and nothing is remembered")
}

// TestRefusedIsNotAskedAgain: not by us, until the peer offers it.
func TestRefusedIsNotAskedAgain(t *testing.T) {
	n := telnet.Negotiator{Remote: telnet.Options(telnet.OptionNAWS)}
	send, err := n.Enable(telnet.SideRemote, telnet.OptionNAWS)
	require.NoError(t, err)
	require.Equal(t, telnet.CommandDo, send)
	require.Zero(t, n.Receive(telnet.CommandWont, telnet.OptionNAWS))
	for range 3 {
		send, err = n.Enable(telnet.SideRemote, telnet.OptionNAWS)
		assert.Zero(t, send)
		assert.EqualError(t, err, "telnet: no Enable in state Refused (RFC 854)")
	}
	assert.Equal(t, telnet.CommandDo, n.Receive(telnet.CommandWill, telnet.OptionNAWS), "the peer changed its mind")
	assert.True(t, n.Enabled(telnet.SideRemote, telnet.OptionNAWS))
}

// TestLoopExample2 is that of RFC 1143 §4: on, off and on again in quick
// succession, to a peer that agrees with everything.
func TestLoopExample2(t *testing.T) {
	for _, wishes := range []string{"+-+", "+-", "+-+-", "+-+-+-+"} {
		a := telnet.Negotiator{}
		b := telnet.Negotiator{Local: telnet.Options(1), Remote: telnet.Options(1)}
		net := newPair(&a, &b)
		for _, w := range wishes {
			net.wish(0, telnet.SideLocal, 1, w == '+')
		}
		on := wishes[len(wishes)-1] == '+'
		assert.LessOrEqual(t, net.settle(t, 100), 4, wishes)
		assert.Equal(t, on, a.Enabled(telnet.SideLocal, 1), wishes)
		assert.Equal(t, on, b.Enabled(telnet.SideRemote, 1), wishes)
	}
}

// pair is two negotiators and what is under way between them.
type pair struct {
	n     [2]*telnet.Negotiator
	queue [2][]message // on the way to n[i]
	sent  int
}

type message struct {
	c telnet.Command
	o telnet.Option
}

func newPair(a, b *telnet.Negotiator) *pair { return &pair{n: [2]*telnet.Negotiator{a, b}} }

func (p *pair) send(from int, c telnet.Command, o telnet.Option) {
	if c != 0 {
		p.queue[1-from] = append(p.queue[1-from], message{c, o})
		p.sent++
	}
}

func (p *pair) wish(who int, side telnet.Side, o telnet.Option, on bool) {
	do := p.n[who].Disable
	if on {
		do = p.n[who].Enable
	}
	c, _ := do(side, o)
	p.send(who, c, o)
}

// deliver hands over the oldest message to who.
func (p *pair) deliver(who int) {
	if len(p.queue[who]) > 0 {
		m := p.queue[who][0]
		p.queue[who] = p.queue[who][1:]
		p.send(who, p.n[who].Receive(m.c, m.o), m.o)
	}
}

// settle delivers everything and returns how many messages that took.
func (p *pair) settle(t testing.TB, most int) int {
	t.Helper()
	n := 0
	for ; len(p.queue[0])+len(p.queue[1]) > 0; n++ {
		if n > most {
			t.Fatalf("still %d messages under way after %d", len(p.queue[0])+len(p.queue[1]), most)
		}
		p.deliver(n % 2)
		p.deliver(1 - n%2)
	}
	return n
}

// atRest: nothing is under negotiation, and the two see each option alike.
func (p *pair) atRest(t testing.TB, options int) {
	t.Helper()
	for o := range options {
		for i := range 2 {
			local, remote := p.n[i].State(telnet.SideLocal, telnet.Option(o)), p.n[1-i].State(telnet.SideRemote, telnet.Option(o))
			for _, s := range []telnet.State{local, remote} {
				if s != telnet.StateNo && s != telnet.StateRefused && s != telnet.StateYes {
					t.Fatalf("option %d is in state %v at the end", o, s)
				}
			}
			if (local == telnet.StateYes) != (remote == telnet.StateYes) {
				t.Fatalf("option %d: one has %v, the other %v", o, local, remote)
			}
		}
	}
}

// FuzzNegotiators: two peers that want what they like while messages cross come
// to rest after a bounded number of messages, and agree.
func FuzzNegotiators(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3}, uint8(0xff))
	f.Add([]byte("\x10\x31\x10\x11\x90\x82\x80\x81\x10"), uint8(0x0f))
	r := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		b := make([]byte, 100)
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		f.Add(b, uint8(r.Uint32()))
	}
	f.Fuzz(func(t *testing.T, acts []byte, accepts uint8) {
		const options = 4
		var all []telnet.Option
		for o := range options {
			all = append(all, telnet.Option(o))
		}
		var n [2]telnet.Negotiator
		for i := range 4 {
			set := []*telnet.OptionSet{&n[0].Local, &n[0].Remote, &n[1].Local, &n[1].Remote}[i]
			if accepts>>i&1 != 0 {
				*set = telnet.Options(all...)
			}
		}
		p := newPair(&n[0], &n[1])
		for _, a := range acts {
			who, o := int(a>>7), telnet.Option(a&(options-1))
			switch a >> 4 & 7 {
			case 0, 1:
				p.wish(who, telnet.Side(a>>2&1), o, true)
			case 2, 3:
				p.wish(who, telnet.Side(a>>2&1), o, false)
			default:
				p.deliver(who)
			}
		}
		// Each side of each option of each peer has at most one request under
		// way and one queued; each is answered once.
		p.settle(t, len(p.queue[0])+len(p.queue[1])+2*2*options*2)
		p.atRest(t, options)
		if p.sent > 4*len(acts) {
			t.Fatalf("%d messages for %d acts", p.sent, len(acts))
		}
	})
}

// FuzzNegotiatorHostile: whatever a peer says, no more than one answer comes for
// each word, and nothing is on that we neither want nor accept.
func FuzzNegotiatorHostile(f *testing.F) {
	f.Add([]byte{0x60, 0x61, 0x62, 0x63}, true)
	f.Add([]byte{3, 0x60, 1, 0xe0, 0x20, 0xe0, 1, 1}, false)
	f.Fuzz(func(t *testing.T, words []byte, accept bool) {
		const options = 4
		var n telnet.Negotiator
		if accept {
			n.Local, n.Remote = telnet.Options(0, 1), telnet.Options(0, 1)
		}
		wanted := map[telnet.Side]map[telnet.Option]bool{telnet.SideLocal: {}, telnet.SideRemote: {}}
		for _, w := range words {
			side, o := telnet.Side(w&1), telnet.Option(w>>2&(options-1))
			switch w >> 5 {
			case 0:
				n.Enable(side, o)
				wanted[side][o] = true
			case 1:
				n.Disable(side, o)
			default:
				c := telnet.CommandWill + telnet.Command(w&3)
				if answer := n.Receive(c, o); answer != 0 && !answer.IsNegotiation() {
					t.Fatalf("%v answered by %v", c, answer)
				}
			}
		}
		for side, of := range wanted {
			for o := range telnet.Option(options) {
				if n.Enabled(side, o) && !of[o] && !(accept && o < 2) {
					t.Fatalf("%v %d is on", side, o)
				}
			}
		}
	})
}
