package ftp

import (
	"io"
	"strconv"

	"applayer/internal/fsm"
)

// State is how far the dialogue of a session has come (RFC 959 §6).
type State uint8

// The states.
const (
	StateStart          State = iota // nobody is logged in
	StateUserGiven                   // USER was taken, PASS must follow
	StateAccountWanted               // PASS was taken, ACCT must follow
	StateAuthenticating              // it is looked up who that is
	StateReady                       // logged in
	StateRenaming                    // RNFR was taken, RNTO must follow
	StateRestarting                  // REST was taken, a transfer should follow
	StateTransferring                // a transfer is under way
	StateClosed                      // over
	states
)

var stateNames = [states]string{
	"Start", "UserGiven", "AccountWanted", "Authenticating", "Ready", "Renaming", "Restarting", "Transferring", "Closed",
}

// String returns the state's name.
func (s State) String() string {
	if s < states {
		return stateNames[s]
	}
	return "State(" + strconv.Itoa(int(s)) + ")"
}

// Event is something that happens to a session: a command or what became of
// one.
type Event uint8

// The events.
const (
	EventFree          Event = iota // a command that needs no login, such as FEAT
	EventHost                       // HOST
	EventUser                       // USER
	EventPass                       // PASS
	EventAcct                       // ACCT
	EventLogin                      // the user is who he says (230)
	EventAccountNeeded              // an account is asked for (332)
	EventLoginRefused               // he is not (530)
	EventReset                      // REIN
	EventCommand                    // any other command
	EventSetup                      // PORT, PASV, EPRT, EPSV or TYPE
	EventRenameFrom                 // RNFR, taken (350)
	EventRenameTo                   // RNTO
	EventRestart                    // REST, taken (350)
	EventTransfer                   // RETR, STOR, APPE, STOU, LIST, NLST or MLSD
	EventAbort                      // ABOR or STAT while a transfer is under way
	EventTransferEnd                // the transfer's final reply
	EventQuit                       // QUIT
	EventEnd                        // the connection ended
	events
)

var eventNames = [events]string{
	"Free", "Host", "User", "Pass", "Acct", "Login", "AccountNeeded", "LoginRefused", "Reset", "Command", "Setup",
	"RenameFrom", "RenameTo", "Restart", "Transfer", "Abort", "TransferEnd", "Quit", "End",
}

// String returns the event's name.
func (e Event) String() string {
	if e < events {
		return eventNames[e]
	}
	return "Event(" + strconv.Itoa(int(e)) + ")"
}

// rules are the order of the dialogue. RNFR is forgotten by any command but
// RNTO, REST by any but those that set up its transfer.
var rules = []fsm.Rule[State, Event]{
	{From: StateStart, On: EventFree, To: StateStart, Ref: "RFC 2389 §3.2"},
	{From: StateStart, On: EventHost, To: StateStart, Ref: "RFC 7151 §3"},
	{From: StateStart, On: EventUser, To: StateUserGiven, Ref: "RFC 959 §4.1.1"},
	{From: StateStart, On: EventReset, To: StateStart, Ref: "RFC 959 §4.1.1"},
	{From: StateStart, On: EventQuit, To: StateClosed, Ref: "RFC 959 §4.1.1"},
	{From: StateStart, On: EventEnd, To: StateClosed, Ref: "RFC 959 §4.1.1"},

	{From: StateUserGiven, On: EventFree, To: StateUserGiven, Ref: "RFC 2389 §3.2"},
	{From: StateUserGiven, On: EventHost, To: StateStart, Ref: "RFC 7151 §3"},
	{From: StateUserGiven, On: EventUser, To: StateUserGiven, Ref: "RFC 959 §4.1.1"},
	{From: StateUserGiven, On: EventPass, To: StateAuthenticating, Ref: "RFC 959 §6"},
	{From: StateUserGiven, On: EventReset, To: StateStart, Ref: "RFC 959 §4.1.1"},
	{From: StateUserGiven, On: EventQuit, To: StateClosed, Ref: "RFC 959 §4.1.1"},
	{From: StateUserGiven, On: EventEnd, To: StateClosed, Ref: "RFC 959 §4.1.1"},

	{From: StateAuthenticating, On: EventLogin, To: StateReady, Ref: "RFC 959 §6"},
	{From: StateAuthenticating, On: EventAccountNeeded, To: StateAccountWanted, Ref: "RFC 959 §6"},
	{From: StateAuthenticating, On: EventLoginRefused, To: StateStart, Ref: "RFC 959 §6"},
	{From: StateAuthenticating, On: EventEnd, To: StateClosed, Ref: "RFC 959 §4.1.1"},

	{From: StateAccountWanted, On: EventFree, To: StateAccountWanted, Ref: "RFC 2389 §3.2"},
	{From: StateAccountWanted, On: EventUser, To: StateUserGiven, Ref: "RFC 959 §4.1.1"},
	{From: StateAccountWanted, On: EventAcct, To: StateAuthenticating, Ref: "RFC 959 §6"},
	{From: StateAccountWanted, On: EventReset, To: StateStart, Ref: "RFC 959 §4.1.1"},
	{From: StateAccountWanted, On: EventQuit, To: StateClosed, Ref: "RFC 959 §4.1.1"},
	{From: StateAccountWanted, On: EventEnd, To: StateClosed, Ref: "RFC 959 §4.1.1"},

	{From: StateReady, On: EventFree, To: StateReady, Ref: "RFC 959 §6"},
	{From: StateReady, On: EventAcct, To: StateReady, Ref: "RFC 959 §4.1.1"}, // 202
	{From: StateReady, On: EventUser, To: StateUserGiven, Ref: "RFC 959 §4.1.1"},
	{From: StateReady, On: EventReset, To: StateStart, Ref: "RFC 959 §4.1.1"},
	{From: StateReady, On: EventCommand, To: StateReady, Ref: "RFC 959 §6"},
	{From: StateReady, On: EventSetup, To: StateReady, Ref: "RFC 959 §6"},
	{From: StateReady, On: EventRenameFrom, To: StateRenaming, Ref: "RFC 959 §6"},
	{From: StateReady, On: EventRestart, To: StateRestarting, Ref: "RFC 959 §6"},
	{From: StateReady, On: EventTransfer, To: StateTransferring, Ref: "RFC 959 §6"},
	{From: StateReady, On: EventQuit, To: StateClosed, Ref: "RFC 959 §4.1.1"},
	{From: StateReady, On: EventEnd, To: StateClosed, Ref: "RFC 959 §4.1.1"},

	{From: StateRenaming, On: EventRenameTo, To: StateReady, Ref: "RFC 959 §6"},
	{From: StateRenaming, On: EventFree, To: StateReady, Ref: "RFC 959 §4.1.3"},
	{From: StateRenaming, On: EventAcct, To: StateReady, Ref: "RFC 959 §4.1.3"},
	{From: StateRenaming, On: EventUser, To: StateUserGiven, Ref: "RFC 959 §4.1.1"},
	{From: StateRenaming, On: EventReset, To: StateStart, Ref: "RFC 959 §4.1.1"},
	{From: StateRenaming, On: EventCommand, To: StateReady, Ref: "RFC 959 §4.1.3"},
	{From: StateRenaming, On: EventSetup, To: StateReady, Ref: "RFC 959 §4.1.3"},
	{From: StateRenaming, On: EventRenameFrom, To: StateRenaming, Ref: "RFC 959 §4.1.3"},
	{From: StateRenaming, On: EventRestart, To: StateRestarting, Ref: "RFC 959 §4.1.3"},
	{From: StateRenaming, On: EventTransfer, To: StateTransferring, Ref: "RFC 959 §4.1.3"},
	{From: StateRenaming, On: EventQuit, To: StateClosed, Ref: "RFC 959 §4.1.1"},
	{From: StateRenaming, On: EventEnd, To: StateClosed, Ref: "RFC 959 §4.1.1"},

	{From: StateRestarting, On: EventTransfer, To: StateTransferring, Ref: "RFC 3659 §5"},
	{From: StateRestarting, On: EventSetup, To: StateRestarting, Ref: "RFC 3659 §5"},
	{From: StateRestarting, On: EventRestart, To: StateRestarting, Ref: "RFC 3659 §5"},
	{From: StateRestarting, On: EventFree, To: StateReady, Ref: "RFC 959 §4.1.3"},
	{From: StateRestarting, On: EventAcct, To: StateReady, Ref: "RFC 959 §4.1.3"},
	{From: StateRestarting, On: EventUser, To: StateUserGiven, Ref: "RFC 959 §4.1.1"},
	{From: StateRestarting, On: EventReset, To: StateStart, Ref: "RFC 959 §4.1.1"},
	{From: StateRestarting, On: EventCommand, To: StateReady, Ref: "RFC 959 §4.1.3"},
	{From: StateRestarting, On: EventRenameFrom, To: StateRenaming, Ref: "RFC 959 §4.1.3"},
	{From: StateRestarting, On: EventQuit, To: StateClosed, Ref: "RFC 959 §4.1.1"},
	{From: StateRestarting, On: EventEnd, To: StateClosed, Ref: "RFC 959 §4.1.1"},

	{From: StateTransferring, On: EventAbort, To: StateTransferring, Ref: "RFC 959 §4.1.3"},
	{From: StateTransferring, On: EventTransferEnd, To: StateReady, Ref: "RFC 959 §6"},
	{From: StateTransferring, On: EventEnd, To: StateClosed, Ref: "RFC 959 §4.1.1"},
}

// DataState is what a session has for its next transfer.
type DataState uint8

// The states of the data connection. Those that begin with DataOnly are behind
// EPSV ALL, which holds for the rest of the connection.
const (
	DataNone        DataState = iota // nothing
	DataPassive                      // a listener waits for the client
	DataActive                       // the client's address is known
	DataInUse                        // a transfer has it
	DataOnlyNone                     // nothing
	DataOnlyPassive                  // a listener waits
	DataOnlyInUse                    // a transfer has it
	dataStates
)

var dataStateNames = [dataStates]string{"None", "Passive", "Active", "InUse", "OnlyNone", "OnlyPassive", "OnlyInUse"}

// String returns the state's name.
func (s DataState) String() string {
	if s < dataStates {
		return dataStateNames[s]
	}
	return "DataState(" + strconv.Itoa(int(s)) + ")"
}

// DataEvent is something that happens to a data connection.
type DataEvent uint8

// The events of a data connection.
const (
	DataEventPort    DataEvent = iota // PORT or EPRT
	DataEventPasv                     // PASV
	DataEventEpsv                     // EPSV
	DataEventEpsvAll                  // EPSV ALL
	DataEventUse                      // a transfer begins
	DataEventClose                    // it is closed: after a transfer, or unused
	dataEvents
)

var dataEventNames = [dataEvents]string{"Port", "Pasv", "Epsv", "EpsvAll", "Use", "Close"}

// String returns the event's name.
func (e DataEvent) String() string {
	if e < dataEvents {
		return dataEventNames[e]
	}
	return "DataEvent(" + strconv.Itoa(int(e)) + ")"
}

// dataRules are the order of data connections: one for each transfer, in stream
// mode, where its end is the file's (RFC 959 §3.4.1).
var dataRules = []fsm.Rule[DataState, DataEvent]{
	{From: DataNone, On: DataEventPort, To: DataActive, Ref: "RFC 959 §4.1.2"},
	{From: DataNone, On: DataEventPasv, To: DataPassive, Ref: "RFC 959 §4.1.2"},
	{From: DataNone, On: DataEventEpsv, To: DataPassive, Ref: "RFC 2428 §3"},
	{From: DataNone, On: DataEventEpsvAll, To: DataOnlyNone, Ref: "RFC 2428 §4"},
	{From: DataNone, On: DataEventClose, To: DataNone, Ref: "RFC 959 §3.3"},

	{From: DataPassive, On: DataEventUse, To: DataInUse, Ref: "RFC 959 §3.3"},
	{From: DataPassive, On: DataEventPort, To: DataActive, Ref: "RFC 959 §4.1.2"},
	{From: DataPassive, On: DataEventPasv, To: DataPassive, Ref: "RFC 959 §4.1.2"},
	{From: DataPassive, On: DataEventEpsv, To: DataPassive, Ref: "RFC 2428 §3"},
	{From: DataPassive, On: DataEventEpsvAll, To: DataOnlyNone, Ref: "RFC 2428 §4"},
	{From: DataPassive, On: DataEventClose, To: DataNone, Ref: "RFC 959 §3.3"},

	{From: DataActive, On: DataEventUse, To: DataInUse, Ref: "RFC 959 §3.3"},
	{From: DataActive, On: DataEventPort, To: DataActive, Ref: "RFC 959 §4.1.2"},
	{From: DataActive, On: DataEventPasv, To: DataPassive, Ref: "RFC 959 §4.1.2"},
	{From: DataActive, On: DataEventEpsv, To: DataPassive, Ref: "RFC 2428 §3"},
	{From: DataActive, On: DataEventEpsvAll, To: DataOnlyNone, Ref: "RFC 2428 §4"},
	{From: DataActive, On: DataEventClose, To: DataNone, Ref: "RFC 959 §3.3"},

	{From: DataInUse, On: DataEventClose, To: DataNone, Ref: "RFC 959 §3.3"},

	{From: DataOnlyNone, On: DataEventEpsv, To: DataOnlyPassive, Ref: "RFC 2428 §3"},
	{From: DataOnlyNone, On: DataEventEpsvAll, To: DataOnlyNone, Ref: "RFC 2428 §4"},
	{From: DataOnlyNone, On: DataEventClose, To: DataOnlyNone, Ref: "RFC 959 §3.3"},

	{From: DataOnlyPassive, On: DataEventUse, To: DataOnlyInUse, Ref: "RFC 959 §3.3"},
	{From: DataOnlyPassive, On: DataEventEpsv, To: DataOnlyPassive, Ref: "RFC 2428 §3"},
	{From: DataOnlyPassive, On: DataEventEpsvAll, To: DataOnlyNone, Ref: "RFC 2428 §4"},
	{From: DataOnlyPassive, On: DataEventClose, To: DataOnlyNone, Ref: "RFC 959 §3.3"},

	{From: DataOnlyInUse, On: DataEventClose, To: DataOnlyNone, Ref: "RFC 959 §3.3"},
}

// Protection is what TLS protects (RFC 4217).
type Protection uint8

// The states of protection.
const (
	ProtectionNone           Protection = iota // everything is in the clear
	ProtectionControl                          // the control connection
	ProtectionControlSized                     // the same, and PBSZ was said
	ProtectionPrivate                          // data connections too
	ProtectionCleared                          // CCC: nothing any more
	ProtectionClearedPrivate                   // CCC: data connections only
	protections
)

var protectionNames = [protections]string{"None", "Control", "ControlSized", "Private", "Cleared", "ClearedPrivate"}

// String returns the state's name.
func (p Protection) String() string {
	if p < protections {
		return protectionNames[p]
	}
	return "Protection(" + strconv.Itoa(int(p)) + ")"
}

// ProtectionEvent is a command that changes what is protected, when it is
// granted.
type ProtectionEvent uint8

// The events of protection.
const (
	ProtectionEventAUTH  ProtectionEvent = iota // AUTH TLS
	ProtectionEventPBSZ                         // PBSZ 0
	ProtectionEventPROTP                        // PROT P
	ProtectionEventPROTC                        // PROT C
	ProtectionEventCCC                          // CCC
	ProtectionEventREIN                         // REIN
	protectionEvents
)

var protectionEventNames = [protectionEvents]string{"AUTH", "PBSZ", "PROT P", "PROT C", "CCC", "REIN"}

// String returns the event's name.
func (e ProtectionEvent) String() string {
	if e < protectionEvents {
		return protectionEventNames[e]
	}
	return "ProtectionEvent(" + strconv.Itoa(int(e)) + ")"
}

// protectionRules are the order of AUTH, PBSZ, PROT and CCC.
var protectionRules = []fsm.Rule[Protection, ProtectionEvent]{
	{From: ProtectionNone, On: ProtectionEventAUTH, To: ProtectionControl, Ref: "RFC 4217 §4"},
	{From: ProtectionNone, On: ProtectionEventREIN, To: ProtectionNone, Ref: "RFC 4217 §13"},

	{From: ProtectionControl, On: ProtectionEventPBSZ, To: ProtectionControlSized, Ref: "RFC 4217 §9"},
	{From: ProtectionControl, On: ProtectionEventCCC, To: ProtectionCleared, Ref: "RFC 4217 §5"},
	{From: ProtectionControl, On: ProtectionEventREIN, To: ProtectionNone, Ref: "RFC 4217 §13"},

	{From: ProtectionControlSized, On: ProtectionEventPBSZ, To: ProtectionControlSized, Ref: "RFC 4217 §9"},
	{From: ProtectionControlSized, On: ProtectionEventPROTP, To: ProtectionPrivate, Ref: "RFC 4217 §9"},
	{From: ProtectionControlSized, On: ProtectionEventPROTC, To: ProtectionControlSized, Ref: "RFC 4217 §9"},
	{From: ProtectionControlSized, On: ProtectionEventCCC, To: ProtectionCleared, Ref: "RFC 4217 §5"},
	{From: ProtectionControlSized, On: ProtectionEventREIN, To: ProtectionNone, Ref: "RFC 4217 §13"},

	{From: ProtectionPrivate, On: ProtectionEventPBSZ, To: ProtectionPrivate, Ref: "RFC 4217 §9"},
	{From: ProtectionPrivate, On: ProtectionEventPROTP, To: ProtectionPrivate, Ref: "RFC 4217 §9"},
	{From: ProtectionPrivate, On: ProtectionEventPROTC, To: ProtectionControlSized, Ref: "RFC 4217 §9"},
	{From: ProtectionPrivate, On: ProtectionEventCCC, To: ProtectionClearedPrivate, Ref: "RFC 4217 §5"},
	{From: ProtectionPrivate, On: ProtectionEventREIN, To: ProtectionNone, Ref: "RFC 4217 §13"},

	{From: ProtectionCleared, On: ProtectionEventREIN, To: ProtectionNone, Ref: "RFC 4217 §13"},
	{From: ProtectionClearedPrivate, On: ProtectionEventREIN, To: ProtectionNone, Ref: "RFC 4217 §13"},
}

var (
	sessionTable    = fsm.Compile(rules, states, events)
	dataTable       = fsm.Compile(dataRules, dataStates, dataEvents)
	protectionTable = fsm.Compile(protectionRules, protections, protectionEvents)
)

// Machine keeps the order of a session: the dialogue, the data connection, and
// what TLS protects. The zero value is a new connection. It is for one goroutine
// at a time.
type Machine struct {
	state      State
	data       DataState
	protection Protection
}

// State returns how far the dialogue has come.
func (m *Machine) State() State { return m.state }

// Data returns what there is for the next transfer.
func (m *Machine) Data() DataState { return m.data }

// Protection returns what TLS protects.
func (m *Machine) Protection() Protection { return m.protection }

// Can tells whether e may happen.
func (m *Machine) Can(e Event) bool {
	_, _, ok := sessionTable.Next(m.state, e)
	return ok
}

// Do takes the step that e stands for. An event that no rule allows is a
// [*ProtocolError] with the reply that a server gives, and changes nothing.
func (m *Machine) Do(e Event) error {
	next, _, ok := sessionTable.Next(m.state, e)
	if !ok {
		code, ref := refusal(m.state, e)
		return &ProtocolError{Remote: true, State: m.state.String(), Event: e.String(), Ref: ref, Reply: code}
	}
	m.state = next
	return nil
}

// DoData takes the step that e stands for. What follows EPSV ALL and is not
// EPSV is refused with 501, as RFC 2428 §4 has no better one; a transfer without
// a data connection with 425.
func (m *Machine) DoData(e DataEvent) error {
	next, _, ok := dataTable.Next(m.data, e)
	if !ok {
		code, ref := 501, "RFC 2428 §4"
		if e == DataEventUse {
			code, ref = 425, "RFC 959 §5.4"
		}
		return &ProtocolError{Remote: true, State: m.data.String(), Event: e.String(), Ref: ref, Reply: code}
	}
	m.data = next
	return nil
}

// DoProtection takes the step that e stands for. One out of order is refused
// with 503, CCC in the clear with 533 (RFC 4217 §5, RFC 2228 §3).
func (m *Machine) DoProtection(e ProtectionEvent) error {
	next, _, ok := protectionTable.Next(m.protection, e)
	if !ok {
		code, ref := 503, "RFC 2228 §3"
		if e == ProtectionEventCCC {
			code, ref = 533, "RFC 4217 §5"
		}
		return &ProtocolError{Remote: true, State: m.protection.String(), Event: e.String(), Ref: ref, Reply: code}
	}
	m.protection = next
	return nil
}

// LoggedIn tells whether a user is in.
func (m *Machine) LoggedIn() bool {
	return m.state >= StateReady && m.state <= StateTransferring
}

// DataPrivate tells whether data connections speak TLS.
func (m *Machine) DataPrivate() bool {
	return m.protection == ProtectionPrivate || m.protection == ProtectionClearedPrivate
}

// refusal is the reply to an event in the wrong place, and the section that it
// broke: 530 where a login is missing, else 503.
func refusal(s State, e Event) (code int, ref string) {
	switch {
	case e == EventHost:
		return 503, "RFC 7151 §3.3"
	case s <= StateAccountWanted && e >= EventCommand && e <= EventTransfer:
		return 530, "RFC 959 §5.4"
	}
	return 503, "RFC 959 §5.4"
}

// WriteStates writes the rules of the dialogue, of data connections and of
// protection as Markdown tables.
func WriteStates(w io.Writer) error {
	tables := []struct {
		title string
		write func(io.Writer) error
	}{
		{"# The dialogue\n\n", sessionTable.WriteStates},
		{"\n# Data connections\n\n", dataTable.WriteStates},
		{"\n# Protection\n\n", protectionTable.WriteStates},
	}
	for _, t := range tables {
		if _, err := io.WriteString(w, t.title); err != nil {
			return err
		}
		if err := t.write(w); err != nil {
			return err
		}
	}
	return nil
}

// WriteStatesDOT writes the rules of the dialogue as a graph in the language of
// Graphviz.
func WriteStatesDOT(w io.Writer) error { return sessionTable.WriteStatesDOT(w) }
