package smtp

// MachineIn is a Machine in the middle of a session.
func MachineIn(s State, sec Security) Machine { return Machine{state: s, security: sec} }

// UnreachableStates and StuckStates are what the tables should not have.
func UnreachableStates() (names []string) {
	for _, s := range dialogueTable.Unreachable(StateStart) {
		names = append(names, s.String())
	}
	for _, s := range securityTable.Unreachable(SecurityNone) {
		names = append(names, s.String())
	}
	return names
}

func StuckStates() (names []string) {
	for _, s := range dialogueTable.Stuck() {
		names = append(names, s.String())
	}
	return names
}
