package pop3

import (
	"net"
	"time"
)

// ApopDigest is APOP's proof.
var ApopDigest = apopDigest

// TraceLine is what Conn gives a Trace.
var TraceLine = (*Trace).line

// MachineIn is a machine in a state.
func MachineIn(s State) Machine { return Machine{state: s} }

// UnreachableStates are those that no walk comes to.
func UnreachableStates() []State { return table.Unreachable(StateAuthorization) }

// StuckStates are those that no rule leaves.
func StuckStates() []State { return table.Stuck() }

// FindTimestamp is what a client takes of a greeting.
var FindTimestamp = findTimestamp

// Guard is the count of refused logins.
type Guard struct{ g guard }

// NewGuard is a guard whose first delay is d.
func NewGuard(d time.Duration) *Guard { return &Guard{guard{first: d}} }

// Refuse counts a refused login.
func (g *Guard) Refuse(peer net.Addr, now time.Time) time.Duration { return g.g.refuse(peer, now) }

// Len is how many peers are counted.
func (g *Guard) Len() int { return len(g.g.peers) }
