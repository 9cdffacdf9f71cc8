package pop3

import (
	"context"
	"strconv"

	"applayer/internal/ascii"
)

// verbRule is how a verb is taken.
type verbRule struct {
	least, most int // words of its argument
	run         func(x *session, words [][]byte, arg []byte)
	syntax      string
}

// verbRules are all verbs but VerbUnknown.
var verbRules = [numVerbs]verbRule{
	VerbAPOP: {2, 2, (*session).apop, "APOP <name> <digest>"},
	VerbAUTH: {1, 2, (*session).auth, "AUTH <mechanism> [<initial-response>]"},
	VerbCAPA: {0, 0, (*session).capa, "CAPA"},
	VerbDELE: {1, 1, (*session).dele, "DELE <message>"},
	VerbLANG: {0, 1, (*session).lang, "LANG [<language>]"},
	VerbLIST: {0, 1, (*session).list, "LIST [<message>]"},
	VerbNOOP: {0, 0, (*session).noop, "NOOP"},
	VerbPASS: {-1, -1, (*session).pass, "PASS <password>"},
	VerbQUIT: {0, 0, (*session).quit, "QUIT"},
	VerbRETR: {1, 1, (*session).retr, "RETR <message>"},
	VerbRSET: {0, 0, (*session).rset, "RSET"},
	VerbSTAT: {0, 0, (*session).stat, "STAT"},
	VerbSTLS: {0, 0, (*session).stls, "STLS"},
	VerbTOP:  {2, 2, (*session).top, topSyntax},
	VerbUIDL: {0, 1, (*session).uidl, "UIDL [<message>]"},
	VerbUSER: {-1, -1, (*session).userName, "USER <name>"},
	VerbUTF8: {0, 0, (*session).utf8Mode, "UTF8"},
}

// handle does what a command asks for. It is answered once.
func (x *session) handle(cmd Command) {
	if cmd.Verb == VerbUnknown {
		x.fault("There is no such command.")
		return
	}
	if !x.Can(verbEvents[cmd.Verb]) {
		x.outOfOrder(cmd.Verb)
		return
	}
	rule := &verbRules[cmd.Verb]
	var args [][]byte
	if rule.least >= 0 {
		var fits bool
		if args, fits = words(cmd.Arg, rule.most); !fits || len(args) < rule.least {
			x.fault("Syntax: " + rule.syntax)
			return
		}
	} else if len(cmd.Arg) == 0 {
		x.fault("Syntax: " + rule.syntax)
		return
	}
	rule.run(x, args, cmd.Arg)
}

// outOfOrder refuses a command that the table does not have here.
func (x *session) outOfOrder(verb Verb) {
	switch {
	case x.state == StateTransaction:
		x.fault("Not after the login.")
	case verb == VerbPASS:
		x.fault("USER comes first.")
	case verb == VerbAPOP:
		x.fault("Not behind USER.")
	default:
		x.fault("Log in first.")
	}
}

// stat is STAT: those that are not marked, and their size.
func (x *session) stat([][]byte, []byte) {
	x.ok(string(AppendListing(nil, Listing{x.left, x.size})))
}

// message takes a message-number and answers one that is not there.
func (x *session) message(arg []byte) (i int, there bool) {
	number, isNumber := argNumber(arg)
	switch {
	case !isNumber || number < 1 || number > x.count:
		x.fault("There is no such message.")
	case x.deleted.has(number - 1):
		x.fault("That message is deleted.")
	default:
		return number - 1, true
	}
	return 0, false
}

// list is LIST (RFC 1939 §5).
func (x *session) list(args [][]byte, _ []byte) {
	listing := func(dst []byte, i int) ([]byte, error) {
		return AppendListing(dst, Listing{i + 1, x.drop.Stat(i)}), nil
	}
	x.listing(args, strconv.Itoa(x.left)+" messages ("+strconv.FormatInt(x.size, 10)+" octets)", listing)
}

// uidl is UIDL (RFC 1939 §7).
func (x *session) uidl(args [][]byte, _ []byte) {
	listing := func(dst []byte, i int) ([]byte, error) {
		return AppendUniqueID(dst, UniqueID{i + 1, x.drop.UID(i)})
	}
	x.listing(args, "", listing)
}

// listing answers a command that tells something of one message or of all that
// are not marked.
func (x *session) listing(args [][]byte, title string, one func(dst []byte, i int) ([]byte, error)) {
	if len(args) == 1 {
		i, there := x.message(args[0])
		if !there {
			return
		}
		text, err := one(nil, i)
		if err != nil {
			x.fail("listing", err)
			return
		}
		x.ok(string(text))
		return
	}
	x.ok(title)
	for i := range x.count {
		if x.deleted.has(i) {
			continue
		}
		if err := x.c.hold(func(b []byte) ([]byte, error) {
			b, err := one(b, i)
			return append(b, '\r', '\n'), err
		}); err != nil {
			x.cut("listing", err)
			return
		}
	}
	x.lastLine()
}

// cut ends a session where what was begun cannot be brought to its end: the
// client must not take it for whole.
func (x *session) cut(what string, err error) {
	x.closed = true
	x.srv.logger().Error(what, "peer", x.c.RemoteAddr(), "user", printable(x.identity), "err", err)
}

// lastLine ends a listing.
func (x *session) lastLine() {
	if _, err := (*outgoing)(x.c).Write(lastLine); err != nil {
		x.closed = true
	}
}

var lastLine = []byte(".\r\n")

// dele is DELE: the message is marked, and removed by QUIT.
func (x *session) dele(args [][]byte, _ []byte) {
	i, there := x.message(args[0])
	if !there {
		return
	}
	x.deleted.add(i)
	x.left--
	x.size -= x.drop.Stat(i)
	x.ok("Message " + strconv.Itoa(i+1) + " deleted.")
}

// rset is RSET: nothing is marked any more.
func (x *session) rset([][]byte, []byte) {
	x.unmark()
	x.ok("Nothing is deleted.")
}

// unmark counts all messages.
func (x *session) unmark() { x.deleted, x.left, x.size = nil, x.count, x.total }

// noop is NOOP.
func (x *session) noop([][]byte, []byte) {
	if x.blame(1) {
		x.ok("")
	}
}

// quit is QUIT. Behind a login it removes what is marked, and the maildrop is
// unlocked before the client hears of it, who may come again at once.
func (x *session) quit([][]byte, []byte) {
	x.Do(EventQuit)
	x.closed = true
	if x.drop == nil {
		x.ok("Goodbye.")
		return
	}
	deleted := x.deleted
	if x.srv.Expire == ExpireAtOnce && x.c.Flush() == nil {
		deleted = deleted.or(x.retrieved) // what has left, not what is held back
	}
	list := deleted.list()
	var err error
	if len(list) > 0 {
		// What was asked for is done, though the client may be gone.
		err = x.drop.Commit(context.WithoutCancel(x.ctx), list)
	}
	x.Do(EventUpdated)
	x.closeDrop()
	x.srv.logger().Info("quit", "peer", x.c.RemoteAddr(), "user", printable(x.identity), "messages", x.count, "deleted", len(list), "err", err)
	if err != nil {
		x.fail("commit", err)
		return
	}
	x.ok("Goodbye, " + strconv.Itoa(x.count-len(list)) + " messages left.")
}

// utf8Mode is UTF8 (RFC 6856 §2.1).
func (x *session) utf8Mode([][]byte, []byte) {
	x.Do(EventUTF8)
	x.utf8 = true
	x.ok("UTF-8 it is.")
}

// lang is LANG (RFC 6856 §3): we speak English.
func (x *session) lang(args [][]byte, _ []byte) {
	if len(args) == 0 {
		x.ok("Languages:")
		x.line("en English")
		x.lastLine()
		return
	}
	tag := args[0]
	if !ascii.EqualFold(tag, "en") && !ascii.EqualFold(tag, "*") && !ascii.EqualFold(tag, "i-default") {
		x.respond(refused("", "There is no such language here."))
		return
	}
	x.ok("en English it is.")
}

// line writes a line of a listing.
func (x *session) line(text string) {
	if err := x.c.hold(func(b []byte) ([]byte, error) {
		return append(append(b, text...), '\r', '\n'), nil
	}); err != nil {
		x.closed = true
	}
}
