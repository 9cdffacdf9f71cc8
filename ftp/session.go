package ftp

import (
	"crypto/tls"
	"errors"
	"iter"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// SessionOptions are what a [Session] knows of its server and connection. They
// are copied.
type SessionOptions struct {
	// Limits bounds paths; nil is all defaults.
	Limits *Limits
	// Peer and Local are the control connection's addresses.
	Peer, Local net.Addr
	// TLS is what AUTH TLS can do (default nothing).
	TLS TLSSupport
	// Implicit says that the connection began with TLS.
	Implicit bool
	// RequireTLS refuses logins and transfers in the clear.
	RequireTLS bool
	// AllowCCC lets a client go back to the clear for the control connection
	// (RFC 4217 §5), which gives what it protected to anybody on the way.
	AllowCCC bool
	// AllowForeignData lets PORT and EPRT name other hosts than the client's,
	// which files from server to server need, and so do bounce attacks
	// (RFC 2577 §3).
	AllowForeignData bool
	// Host tells whether the server answers for a host, and with what greeting
	// (RFC 7151); nil is for none. Within TLS only the host that it was begun
	// with is asked for.
	Host func(name string) (greeting string, ok bool)
	// Now is the clock for listings (default time.Now).
	Now func() time.Time
	// MaxIdle bounds what SITE IDLE may ask for (default an hour).
	MaxIdle time.Duration
	// MaxLogins is the number of refusals that ends the connection (default 3).
	MaxLogins int
}

// TLSSupport is what a server can do of TLS.
type TLSSupport uint8

const (
	// TLSNone is for a server without a configuration: AUTH gets 502.
	TLSNone TLSSupport = iota
	// TLSUnusable is for one whose configuration has no certificate: AUTH gets
	// 431.
	TLSUnusable
	// TLSReady is for one that can begin.
	TLSReady
)

// ActionKind tells what an [Action] asks for.
type ActionKind uint8

// The kinds of actions.
const (
	// ActionReply: send Reply.
	ActionReply ActionKind = iota
	// ActionAuthenticate: ask who Login is, and call [Session.Authenticated].
	ActionAuthenticate
	// ActionListen: close what data connection there is, listen for the next
	// one, and call [Session.Listening].
	ActionListen
	// ActionConnect: close what data connection there is; the next one is made
	// to Addr.
	ActionConnect
	// ActionDropData: close what data connection there is.
	ActionDropData
	// ActionTransfer: do what Transfer says, and call [Session.Transferred].
	ActionTransfer
	// ActionList: send Reply, which has two lines, and between them those of
	// List.
	ActionList
	// ActionStartTLS: shake hands, and call [Session.Secured].
	ActionStartTLS
	// ActionStopTLS: end TLS on the control connection.
	ActionStopTLS
	// ActionIdle: from here on Idle is how long the session may be idle.
	ActionIdle
	// ActionClose: close the connection.
	ActionClose
)

// Action is something that a [Session] asks its server to do.
type Action struct {
	Kind     ActionKind
	Reply    Reply
	Login    Login
	Addr     netip.AddrPort
	Extended bool // ActionListen is for EPSV, which any network can serve
	Transfer *Transfer
	List     iter.Seq2[[]byte, error] // lines with their ends, each valid until the next
	Idle     time.Duration
}

// Session is one session at a server: the order of commands, who is logged in,
// what is set, and what each verb does to the files. It has no sockets and no
// clock: [Session.Handle] takes a command and gives what is to be done, in
// order, and where the outcome matters a method takes that and gives the rest.
// Each command gets exactly one final reply.
//
// It is for one goroutine at a time. The slices of actions that its methods
// return are valid until the next call.
type Session struct {
	Machine
	opts    SessionOptions
	actions []Action
	verb    Verb // of the command under way

	login    Login
	account  *Account
	tlsUser  string // who logged in within TLS, which is his until REIN
	failures int
	client   string // what CLNT said

	dir      string // the current directory, as a name of an [FS]
	renaming string // of RNFR
	restart  int64  // of REST
	ascii    bool
	records  bool // STRU R
	umask    int  // of SITE UMASK, negative without
	facts    Facts
	extended bool // the listener under way is EPSV's
	transfer *Transfer
	aborted  bool // by ABOR, which has not been answered
}

// NewSession returns the session of a connection that was just made. Nil
// options are all defaults.
func NewSession(opts *SessionOptions) *Session {
	s := new(Session)
	if opts != nil {
		s.opts = *opts
	}
	if s.opts.MaxIdle == 0 {
		s.opts.MaxIdle = time.Hour
	}
	if s.opts.MaxLogins == 0 {
		s.opts.MaxLogins = 3
	}
	if s.opts.Now == nil {
		s.opts.Now = time.Now
	}
	s.reset()
	return s
}

// reset is what the connection began with (REIN). That EPSV ALL was said stays:
// it was said to what stands between, too.
func (s *Session) reset() {
	s.login = Login{Peer: s.opts.Peer}
	s.leave()
	s.renaming, s.restart = "", 0
	s.ascii, s.records, s.umask, s.facts = true, false, -1, FactsDefault
	if s.opts.Implicit {
		s.protection = ProtectionControl
	}
}

// verbRule is how a verb is taken.
type verbRule struct {
	event  Event // that it is, as [Machine] sees it
	arg    argRule
	run    func(s *Session, arg []byte)
	syntax string // for HELP
}

// argRule says whether a verb has an argument.
type argRule uint8

const (
	argNone argRule = iota // one that is there is not looked at
	argOptional
	argNeeded
)

// verbRules are the verbs that are built. It is filled by init, since HELP looks
// at it.
var verbRules [numVerbs]verbRule

func init() {
	verbRules = [numVerbs]verbRule{
		VerbUSER: {EventFree, argNeeded, (*Session).user, "<name>"},
		VerbPASS: {EventPass, argOptional, (*Session).pass, "<password>"},
		VerbACCT: {EventAcct, argNeeded, (*Session).acct, "<account>"},
		VerbREIN: {EventReset, argNone, (*Session).rein, ""},
		VerbQUIT: {EventQuit, argNone, (*Session).quit, ""},
		VerbHOST: {EventHost, argNeeded, (*Session).host, "<host>"},
		VerbCLNT: {EventFree, argNeeded, (*Session).clnt, "<program>"},
		VerbLANG: {EventFree, argOptional, (*Session).lang, "[<language>]"},

		VerbAUTH: {EventFree, argNeeded, (*Session).auth, "TLS"},
		VerbPBSZ: {EventFree, argNeeded, (*Session).pbsz, "0"},
		VerbPROT: {EventFree, argNeeded, (*Session).prot, "C|P"},
		VerbCCC:  {EventCommand, argNone, (*Session).ccc, ""},

		VerbTYPE: {EventSetup, argNeeded, (*Session).typ, "A|I|L 8"},
		VerbSTRU: {EventCommand, argNeeded, (*Session).stru, "F|R"},
		VerbMODE: {EventCommand, argNeeded, (*Session).mode, "S"},
		VerbPORT: {EventSetup, argNeeded, (*Session).port, "<h1,h2,h3,h4,p1,p2>"},
		VerbEPRT: {EventSetup, argNeeded, (*Session).eprt, "|<protocol>|<address>|<port>|"},
		VerbPASV: {EventSetup, argNone, (*Session).pasv, ""},
		VerbEPSV: {EventSetup, argOptional, (*Session).epsv, "[1|2|ALL]"},
		VerbREST: {EventCommand, argNeeded, (*Session).rest, "<octets>"},
		VerbALLO: {EventCommand, argNeeded, (*Session).allo, "<octets> [R <octets>]"},

		VerbRETR: {EventTransfer, argNeeded, (*Session).retr, "<path>"},
		VerbSTOR: {EventTransfer, argNeeded, (*Session).stor, "<path>"},
		VerbAPPE: {EventTransfer, argNeeded, (*Session).appe, "<path>"},
		VerbSTOU: {EventTransfer, argOptional, (*Session).stou, "[<path>]"},
		VerbLIST: {EventTransfer, argOptional, (*Session).list, "[-aAdlLRt] [<path>]"},
		VerbNLST: {EventTransfer, argOptional, (*Session).nlst, "[-aAdlLRt] [<path>]"},
		VerbMLSD: {EventTransfer, argOptional, (*Session).mlsd, "[<path>]"},
		VerbABOR: {EventCommand, argNone, (*Session).abor, ""},

		VerbCWD:  {EventCommand, argNeeded, (*Session).cwd, "<path>"},
		VerbCDUP: {EventCommand, argNone, (*Session).cdup, ""},
		VerbPWD:  {EventCommand, argNone, (*Session).pwd, ""},
		VerbRNFR: {EventCommand, argNeeded, (*Session).rnfr, "<path>"},
		VerbRNTO: {EventRenameTo, argNeeded, (*Session).rnto, "<path>"},
		VerbDELE: {EventCommand, argNeeded, (*Session).dele, "<path>"},
		VerbRMD:  {EventCommand, argNeeded, (*Session).rmd, "<path>"},
		VerbMKD:  {EventCommand, argNeeded, (*Session).mkd, "<path>"},
		VerbSIZE: {EventCommand, argNeeded, (*Session).size, "<path>"},
		VerbMDTM: {EventCommand, argNeeded, (*Session).mdtm, "<path>"},
		VerbMFMT: {EventCommand, argNeeded, (*Session).mfmt, "<YYYYMMDDhhmmss[.sss]> <path>"},
		VerbMLST: {EventCommand, argOptional, (*Session).mlst, "[<path>]"},

		VerbFEAT: {EventFree, argNone, (*Session).feat, ""},
		VerbOPTS: {EventFree, argNeeded, (*Session).optsVerb, "UTF8 ON|MLST [<fact>;...]"},
		VerbHELP: {EventFree, argOptional, (*Session).help, "[<command>]"},
		VerbNOOP: {EventFree, argNone, (*Session).noop, ""},
		VerbSYST: {EventFree, argNone, (*Session).syst, ""},
		VerbSTAT: {EventCommand, argOptional, (*Session).stat, "[<path>]"},
		VerbSITE: {EventCommand, argNeeded, (*Session).site, "HELP|CHMOD|UMASK|IDLE"},
	}
}

// Greeting is what a connection begins with.
func (s *Session) Greeting(text string) []Action {
	if text == "" {
		text = "FTP server ready."
	}
	return s.begin().reply(220, text)
}

// Handle takes a command.
func (s *Session) Handle(cmd Command) []Action {
	s.begin()
	s.verb = cmd.Verb
	if s.state != StateRestarting {
		s.restart = 0
	}
	rule := &verbRules[cmd.Verb]
	switch {
	case cmd.Verb == VerbUnknown:
		s.forget()
		s.reply(500, "Unknown command.")
	case rule.run == nil:
		s.forget()
		s.reply(502, cmd.Verb.String()+" is not implemented.")
	case !s.Can(rule.event):
		s.refuse(s.Do(rule.event))
		s.forget()
	case rule.arg == argNeeded && len(cmd.Arg) == 0:
		s.forget()
		s.reply(501, "Syntax: "+cmd.Verb.String()+" "+rule.syntax)
	default:
		s.Do(rule.event)
		rule.run(s, cmd.Arg)
	}
	return s.actions
}

// Unreadable takes what could not be read as a command: a [*ParseError] or
// [*LimitError] of [Conn.ReadCommand].
func (s *Session) Unreadable(err error) []Action {
	s.begin()
	s.forget()
	s.refuse(err)
	return s.actions
}

// forget lets go of RNFR and REST when a command comes that is answered without
// a step of the machine.
func (s *Session) forget() {
	if s.state == StateRenaming || s.state == StateRestarting {
		s.Do(EventFree)
	}
}

// HandleBusy takes a command while a transfer is under way, of which octets have
// passed. It is not ok for a command that is to wait until the transfer has
// ended, as all do but STAT. ABOR waits too: cut tells that the transfer is to
// be ended at once (RFC 959 §4.1.3).
func (s *Session) HandleBusy(cmd Command, octets int64) (actions []Action, ok, cut bool) {
	switch {
	case !s.Can(EventAbort):
		return nil, false, false
	case cmd.Verb == VerbSTAT && len(cmd.Arg) == 0:
		text := "Transferring, " + strconv.FormatInt(octets, 10) + " octets so far."
		return s.begin().reply(213, text), true, false
	}
	s.aborted = cmd.Verb == VerbABOR
	return nil, false, s.aborted
}

// Ended tells that the connection is gone: what is open is closed, and an upload
// forgotten.
func (s *Session) Ended() []Action {
	s.begin()
	if s.transfer != nil {
		s.transfer.abandon()
		s.transfer = nil
	}
	s.Do(EventEnd)
	s.leave()
	return s.add(Action{Kind: ActionDropData})
}

// begin begins a new list of actions.
func (s *Session) begin() *Session {
	clear(s.actions)
	s.actions = s.actions[:0]
	return s
}

func (s *Session) add(a Action) []Action {
	s.actions = append(s.actions, a)
	return s.actions
}

// reply adds a reply.
func (s *Session) reply(code int, lines ...string) []Action {
	return s.add(Action{Kind: ActionReply, Reply: Reply{Code: code, Lines: lines}})
}

// refuse adds the reply to an error.
func (s *Session) refuse(err error) []Action {
	if order, ok := errors.AsType[*ProtocolError](err); ok {
		return s.reply(order.Reply, orderText(order.Reply))
	}
	if syntax, ok := errors.AsType[*ParseError](err); ok {
		if syntax.Reply == 522 {
			return s.reply(522, "Network protocol not supported, use (1,2).") // RFC 2428 §2
		}
		// Replies are English in ASCII (RFC 2640 §4.1).
		ref := strings.ReplaceAll(syntax.Ref, "§", "section ")
		return s.reply(max(syntax.Reply, 500), "Syntax error: "+syntax.What+" ("+ref+").")
	}
	if limit, ok := errors.AsType[*LimitError](err); ok {
		s.reply(s.nameReply(max(limit.Reply, 421)), "Too long.")
		if limit.Reply == 421 {
			return s.add(Action{Kind: ActionClose})
		}
		return s.actions
	}
	return s.reply(s.nameReply(fileReply(err)), fileText(err))
}

// nameReply is the code for a name that is not allowed: 553 where a file would
// get it, 550 where one that has it was asked for (RFC 959 §5.4).
func (s *Session) nameReply(code int) int {
	makes := s.verb == VerbSTOR || s.verb == VerbSTOU || s.verb == VerbAPPE || s.verb == VerbRNTO
	if code == 553 && !makes {
		return 550
	}
	return code
}

// Injected answers AUTH when octets that came in the clear stand behind it,
// where anybody on the way could have put them (CVE-2011-0411).
func (s *Session) Injected() []Action {
	s.begin().reply(421, "There are octets behind AUTH.")
	return s.add(Action{Kind: ActionClose})
}

// orderText is the text to a command in the wrong place.
func orderText(code int) string {
	switch code {
	case 425:
		return "Use PORT, PASV, EPRT or EPSV first."
	case 501:
		return "Only EPSV is allowed behind EPSV ALL."
	case 530:
		return "Please log in with USER and PASS."
	case 533:
		return "The control connection is not protected."
	}
	return "Bad sequence of commands."
}

// name makes a name of an [FS] of a path that the client gave. No path is the
// current directory.
func (s *Session) name(arg []byte) (string, error) {
	if len(arg) == 0 {
		return s.dir, nil
	}
	return resolve(s.dir, string(arg), s.opts.Limits)
}

// may tells whether the user has a right, and replies when he has not.
func (s *Session) may(r Rights) bool {
	ok := s.account.Rights.Has(r)
	if !ok {
		s.reply(550, "Permission denied.")
	}
	return ok
}

// part returns a part of the user's file system that is there by choice, and
// replies when it is not.
func part[T any](s *Session) (t T, ok bool) {
	if t, ok = s.account.FS.(T); !ok {
		s.reply(502, "This file system cannot do that.")
	}
	return t, ok
}

// ControlTLS tells how the control connection is protected, for [Login].
func (s *Session) ControlTLS(state *tls.ConnectionState) { s.login.TLS = state }
