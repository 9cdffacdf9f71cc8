package smtp

import (
	"io"
	"strconv"

	"applayer/internal/fsm"
)

// State is how far the dialogue of a session has come (RFC 5321 §4.1.4).
type State uint8

// The states.
const (
	StateStart          State = iota // the greeting was sent, or TLS has begun; EHLO must come
	StateReady                       // EHLO, HELO or LHLO was granted
	StateMail                        // MAIL was granted: a transaction, without recipients
	StateNoRecipient                 // every RCPT of it was refused so far
	StateRcpt                        // it has a recipient
	StateData                        // 354: the message comes
	StateChunking                    // BDAT brought a part of the message
	StateSecuring                    // STARTTLS was granted: the handshake comes
	StateAuthenticating              // AUTH is under way
	StateTurnedAway                  // the greeting was a refusal: QUIT is waited for
	StateClosed                      // over
	states
)

var stateNames = [states]string{
	"Start", "Ready", "Mail", "NoRecipient", "Rcpt", "Data", "Chunking", "Securing", "Authenticating", "TurnedAway", "Closed",
}

// String returns the state's name.
func (s State) String() string {
	if s < states {
		return stateNames[s]
	}
	return "State(" + strconv.Itoa(int(s)) + ")"
}

// Event is something that happens to a session: a command that is granted, or
// what becomes of one. A command that is refused is none and changes nothing;
// RCPT is the one exception.
type Event uint8

// The events.
const (
	EventTurnAway    Event = iota // 554 instead of the greeting
	EventFree                     // NOOP, HELP, VRFY or EXPN
	EventHello                    // EHLO, HELO or LHLO (250)
	EventReset                    // RSET (250)
	EventMail                     // MAIL (250)
	EventRcpt                     // RCPT (250)
	EventRcptRefused              // RCPT, refused
	EventData                     // DATA (354)
	EventChunk                    // BDAT
	EventMessageEnd               // the reply to the message, or that it will not be taken whole
	EventStartTLS                 // STARTTLS (220)
	EventSecured                  // the handshake succeeded
	EventAuth                     // AUTH
	EventAuthEnd                  // its final reply
	EventQuit                     // QUIT (221)
	EventEnd                      // the connection ended
	events
)

var eventNames = [events]string{
	"TurnAway", "Free", "Hello", "Reset", "Mail", "Rcpt", "RcptRefused", "Data", "Chunk", "MessageEnd",
	"StartTLS", "Secured", "Auth", "AuthEnd", "Quit", "End",
}

// String returns the event's name.
func (e Event) String() string {
	if e < events {
		return eventNames[e]
	}
	return "Event(" + strconv.Itoa(int(e)) + ")"
}

// rules are the order of the dialogue. EHLO and RSET end a transaction wherever
// they stand; within the message of DATA nothing is a command.
var rules = []fsm.Rule[State, Event]{
	{From: StateStart, On: EventTurnAway, To: StateTurnedAway, Ref: "RFC 5321 §3.1"},
	{From: StateTurnedAway, On: EventQuit, To: StateClosed, Ref: "RFC 5321 §3.1"},
	{From: StateTurnedAway, On: EventEnd, To: StateClosed, Ref: "RFC 5321 §3.8"},

	{From: StateStart, On: EventHello, To: StateReady, Ref: "RFC 5321 §4.1.4"},
	{From: StateStart, On: EventFree, To: StateStart, Ref: "RFC 5321 §4.1.4"},
	{From: StateStart, On: EventReset, To: StateStart, Ref: "RFC 5321 §4.1.4"},
	{From: StateStart, On: EventQuit, To: StateClosed, Ref: "RFC 5321 §4.1.1.10"},
	{From: StateStart, On: EventEnd, To: StateClosed, Ref: "RFC 5321 §3.8"},

	{From: StateReady, On: EventHello, To: StateReady, Ref: "RFC 5321 §4.1.4"},
	{From: StateReady, On: EventFree, To: StateReady, Ref: "RFC 5321 §4.1.4"},
	{From: StateReady, On: EventReset, To: StateReady, Ref: "RFC 5321 §4.1.1.5"},
	{From: StateReady, On: EventStartTLS, To: StateSecuring, Ref: "RFC 3207 §4"},
	{From: StateReady, On: EventAuth, To: StateAuthenticating, Ref: "RFC 4954 §4"},
	{From: StateReady, On: EventMail, To: StateMail, Ref: "RFC 5321 §4.1.4"},
	{From: StateReady, On: EventQuit, To: StateClosed, Ref: "RFC 5321 §4.1.1.10"},
	{From: StateReady, On: EventEnd, To: StateClosed, Ref: "RFC 5321 §3.8"},

	{From: StateSecuring, On: EventSecured, To: StateStart, Ref: "RFC 3207 §4.2"},
	{From: StateSecuring, On: EventEnd, To: StateClosed, Ref: "RFC 3207 §4.1"},

	{From: StateAuthenticating, On: EventAuthEnd, To: StateReady, Ref: "RFC 4954 §4"},
	{From: StateAuthenticating, On: EventEnd, To: StateClosed, Ref: "RFC 5321 §3.8"},

	{From: StateMail, On: EventRcpt, To: StateRcpt, Ref: "RFC 5321 §4.1.4"},
	{From: StateMail, On: EventRcptRefused, To: StateNoRecipient, Ref: "RFC 5321 §3.3"},
	{From: StateMail, On: EventHello, To: StateReady, Ref: "RFC 5321 §4.1.4"},
	{From: StateMail, On: EventFree, To: StateMail, Ref: "RFC 5321 §4.1.4"},
	{From: StateMail, On: EventReset, To: StateReady, Ref: "RFC 5321 §4.1.1.5"},
	{From: StateMail, On: EventQuit, To: StateClosed, Ref: "RFC 5321 §4.1.1.10"},
	{From: StateMail, On: EventEnd, To: StateClosed, Ref: "RFC 5321 §3.8"},

	{From: StateNoRecipient, On: EventRcpt, To: StateRcpt, Ref: "RFC 5321 §4.1.4"},
	{From: StateNoRecipient, On: EventRcptRefused, To: StateNoRecipient, Ref: "RFC 5321 §3.3"},
	{From: StateNoRecipient, On: EventHello, To: StateReady, Ref: "RFC 5321 §4.1.4"},
	{From: StateNoRecipient, On: EventFree, To: StateNoRecipient, Ref: "RFC 5321 §4.1.4"},
	{From: StateNoRecipient, On: EventReset, To: StateReady, Ref: "RFC 5321 §4.1.1.5"},
	{From: StateNoRecipient, On: EventQuit, To: StateClosed, Ref: "RFC 5321 §4.1.1.10"},
	{From: StateNoRecipient, On: EventEnd, To: StateClosed, Ref: "RFC 5321 §3.8"},

	{From: StateRcpt, On: EventRcpt, To: StateRcpt, Ref: "RFC 5321 §4.1.4"},
	{From: StateRcpt, On: EventRcptRefused, To: StateRcpt, Ref: "RFC 5321 §3.3"},
	{From: StateRcpt, On: EventData, To: StateData, Ref: "RFC 5321 §4.1.4"},
	{From: StateRcpt, On: EventChunk, To: StateChunking, Ref: "RFC 3030 §2"},
	{From: StateRcpt, On: EventHello, To: StateReady, Ref: "RFC 5321 §4.1.4"},
	{From: StateRcpt, On: EventFree, To: StateRcpt, Ref: "RFC 5321 §4.1.4"},
	{From: StateRcpt, On: EventReset, To: StateReady, Ref: "RFC 5321 §4.1.1.5"},
	{From: StateRcpt, On: EventQuit, To: StateClosed, Ref: "RFC 5321 §4.1.1.10"},
	{From: StateRcpt, On: EventEnd, To: StateClosed, Ref: "RFC 5321 §3.8"},

	{From: StateData, On: EventMessageEnd, To: StateReady, Ref: "RFC 5321 §4.1.1.4"},
	{From: StateData, On: EventEnd, To: StateClosed, Ref: "RFC 5321 §3.8"},

	{From: StateChunking, On: EventChunk, To: StateChunking, Ref: "RFC 3030 §2"},
	{From: StateChunking, On: EventMessageEnd, To: StateReady, Ref: "RFC 3030 §2"},
	{From: StateChunking, On: EventHello, To: StateReady, Ref: "RFC 5321 §4.1.4"},
	{From: StateChunking, On: EventFree, To: StateChunking, Ref: "RFC 5321 §4.1.4"},
	{From: StateChunking, On: EventReset, To: StateReady, Ref: "RFC 3030 §2"},
	{From: StateChunking, On: EventQuit, To: StateClosed, Ref: "RFC 5321 §4.1.1.10"},
	{From: StateChunking, On: EventEnd, To: StateClosed, Ref: "RFC 5321 §3.8"},
}

// Security is what STARTTLS and AUTH have made of a connection.
type Security uint8

// The states of security.
const (
	SecurityNone     Security = iota // everything is in the clear, nobody is logged in
	SecurityLogin                    // somebody is logged in, in the clear
	SecurityTLS                      // TLS
	SecurityTLSLogin                 // TLS, and somebody is logged in
	securities
)

var securityNames = [securities]string{"None", "Login", "TLS", "TLSLogin"}

// String returns the state's name.
func (s Security) String() string {
	if s < securities {
		return securityNames[s]
	}
	return "Security(" + strconv.Itoa(int(s)) + ")"
}

// SecurityEvent is a command that changes the security, when it succeeds.
type SecurityEvent uint8

// The events of security.
const (
	SecurityEventSTARTTLS SecurityEvent = iota // STARTTLS
	SecurityEventAUTH                          // AUTH
	securityEvents
)

var securityEventNames = [securityEvents]string{"STARTTLS", "AUTH"}

// String returns the event's name.
func (e SecurityEvent) String() string {
	if e < securityEvents {
		return securityEventNames[e]
	}
	return "SecurityEvent(" + strconv.Itoa(int(e)) + ")"
}

// securityRules are the order of STARTTLS and AUTH: each once. A login in the
// clear is forgotten when TLS begins.
var securityRules = []fsm.Rule[Security, SecurityEvent]{
	{From: SecurityNone, On: SecurityEventSTARTTLS, To: SecurityTLS, Ref: "RFC 3207 §4"},
	{From: SecurityNone, On: SecurityEventAUTH, To: SecurityLogin, Ref: "RFC 4954 §4"},
	{From: SecurityLogin, On: SecurityEventSTARTTLS, To: SecurityTLS, Ref: "RFC 3207 §4.2"},
	{From: SecurityTLS, On: SecurityEventAUTH, To: SecurityTLSLogin, Ref: "RFC 4954 §4"},
}

var (
	dialogueTable = fsm.Compile(rules, states, events)
	securityTable = fsm.Compile(securityRules, securities, securityEvents)
)

// Machine keeps the order of a session: its dialogue and its security. The zero
// value is a new connection in the clear. It is for one goroutine at a time.
type Machine struct {
	state    State
	security Security
}

// State returns how far the dialogue has come.
func (m *Machine) State() State { return m.state }

// Security returns what STARTTLS and AUTH have made of the connection.
func (m *Machine) Security() Security { return m.security }

// Can tells whether e may happen.
func (m *Machine) Can(e Event) bool {
	_, _, ok := dialogueTable.Next(m.state, e)
	return ok
}

// Do takes the step that e stands for. An event that no rule allows is a
// [*ProtocolError] with the reply that a server gives, and changes nothing.
func (m *Machine) Do(e Event) error {
	next, _, ok := dialogueTable.Next(m.state, e)
	if !ok {
		return m.refusal(e)
	}
	m.state = next
	return nil
}

// refusal is why e may not happen: 503 nearly always (RFC 5321 §4.1.4); a
// message for which no recipient was granted gets 554 (§3.3).
func (m *Machine) refusal(e Event) *ProtocolError {
	err := &ProtocolError{
		Remote: true, State: m.state.String(), Event: e.String(),
		Ref: "RFC 5321 §4.1.4", Reply: 503, Enhanced: codeSequence,
	}
	switch {
	case m.state == StateNoRecipient && (e == EventData || e == EventChunk):
		err.Reply, err.Ref = 554, "RFC 5321 §3.3"
	case m.state == StateChunking && e == EventData:
		err.Ref = "RFC 3030 §2"
	case m.state == StateTurnedAway:
		err.Ref = "RFC 5321 §3.1"
	}
	return err
}

// CanSecurity tells whether e may happen.
func (m *Machine) CanSecurity(e SecurityEvent) bool {
	_, _, ok := securityTable.Next(m.security, e)
	return ok
}

// DoSecurity takes the step that e stands for. One out of order is refused with
// 503 (RFC 4954 §4) and changes nothing.
func (m *Machine) DoSecurity(e SecurityEvent) error {
	next, _, ok := securityTable.Next(m.security, e)
	if !ok {
		ref := "RFC 3207 §4.2"
		if e == SecurityEventAUTH {
			ref = "RFC 4954 §4"
		}
		return &ProtocolError{
			Remote: true, State: m.security.String(), Event: e.String(), Ref: ref, Reply: 503, Enhanced: codeSequence,
		}
	}
	m.security = next
	return nil
}

// codeSequence is the status code of commands in the wrong place.
var codeSequence = EnhancedCode{5, 5, 1}

// WriteStates writes the rules of the dialogue and of security as Markdown
// tables.
func WriteStates(w io.Writer) error {
	tables := []struct {
		title string
		write func(io.Writer) error
	}{
		{"# The dialogue\n\n", dialogueTable.WriteStates},
		{"\n# Security\n\n", securityTable.WriteStates},
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
func WriteStatesDOT(w io.Writer) error { return dialogueTable.WriteStatesDOT(w) }
