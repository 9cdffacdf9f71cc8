package telnet

// Side is a side of a connection. Each option is negotiated for each of them.
type Side uint8

// The sides.
const (
	SideLocal  Side = iota // what we perform: we say WILL and WONT, the peer DO and DONT
	SideRemote             // what the peer performs: we say DO and DONT, the peer WILL and WONT
)

// String returns "local" or "remote".
func (s Side) String() string { return [...]string{"local", "remote"}[s&1] }

// Negotiator keeps the options of a connection by the Q method (RFC 1143): no
// exchange of two of them goes on for ever, whatever they want and however
// their messages cross. An option that the peer has refused is not asked for
// again until the peer itself has offered it. The zero value agrees to nothing,
// which is all that FTP's control connection needs. It is for one goroutine at
// a time.
//
// RFC 1143 §2 has each request that would change something answered, so a peer
// that says WILL a thousand times about an option that is not wanted hears DONT
// as often: three octets for three, and nothing is remembered.
type Negotiator struct {
	// Local holds the options that we agree to perform when the peer says DO,
	// Remote those that the peer may perform when it says WILL. They may
	// change between calls; what is on stays on.
	Local, Remote OptionSet

	states [2][256]State
}

// Receive takes a negotiation that the peer sent, and returns the command to
// answer about the same option, 0 for none.
func (n *Negotiator) Receive(c Command, o Option) (answer Command) {
	side, move := SideRemote, MoveEnd
	accepted := &n.Remote
	if c == CommandDo || c == CommandDont {
		side, accepted = SideLocal, &n.Local
	}
	if c == CommandWill || c == CommandDo {
		move = MoveDecline
		if accepted.Has(o) {
			move = MoveAccept
		}
	}
	if !c.IsNegotiation() {
		return 0
	}
	answer, _ = n.move(side, o, move) // every word of the peer has a rule
	return answer
}

// Enable wants the option on, on that side, and returns the command to send
// about it; 0 where one is under way, so that the wish waits for the answer. It
// is a [*ProtocolError] where the option is on already or asked for, and where
// the peer has refused it.
func (n *Negotiator) Enable(side Side, o Option) (send Command, err error) {
	return n.move(side, o, MoveEnable)
}

// Disable wants the option off, as Enable wants it on.
func (n *Negotiator) Disable(side Side, o Option) (send Command, err error) {
	return n.move(side, o, MoveDisable)
}

// State tells how far an option has come.
func (n *Negotiator) State(side Side, o Option) State { return n.states[side&1][o] }

// Enabled tells whether the option is on, on that side.
func (n *Negotiator) Enabled(side Side, o Option) bool { return n.State(side, o) == StateYes }

func (n *Negotiator) move(side Side, o Option, m Move) (send Command, err error) {
	s := &n.states[side&1][o]
	next, say, err := s.step(m)
	*s = next
	return side.command(say), err
}

// command is how a word about the side is said.
func (s Side) command(w word) Command {
	if w == silence {
		return 0
	}
	return [2][2]Command{
		SideLocal:  {CommandWill, CommandWont},
		SideRemote: {CommandDo, CommandDont},
	}[s&1][w-yes]
}
