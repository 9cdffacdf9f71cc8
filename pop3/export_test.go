package pop3

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
