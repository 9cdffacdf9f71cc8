package ftp

// MachineIn returns a machine that stands where told.
func MachineIn(s State, d DataState, p Protection) *Machine {
	return &Machine{state: s, data: d, protection: p}
}

// UnreachableStates are those that no walk comes to, in any of the tables.
func UnreachableStates() (all []string) {
	for _, s := range sessionTable.Unreachable(StateStart) {
		all = append(all, s.String())
	}
	for _, s := range dataTable.Unreachable(DataNone) {
		all = append(all, s.String())
	}
	for _, s := range protectionTable.Unreachable(ProtectionNone) {
		all = append(all, s.String())
	}
	return all
}

// StuckStates are those that nothing leaves.
func StuckStates() (all []string) {
	for _, s := range sessionTable.Stuck() {
		all = append(all, s.String())
	}
	for _, s := range dataTable.Stuck() {
		all = append(all, s.String())
	}
	for _, s := range protectionTable.Stuck() {
		all = append(all, s.String())
	}
	return all
}
