package pop3

import (
	"bytes"
	"cmp"
	"context"
	"crypto/md5"
	"crypto/rand"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"strconv"
	"strings"
	"time"

	"applayer/internal/sasl"
)

// greet is the first response. Where there is APOP it has a timestamp, which is
// different each time (RFC 1939 §7).
func (x *session) greet() {
	text := cmp.Or(x.srv.Greeting, "POP3 server ready")
	if _, has := x.srv.Backend.(APOPBackend); has {
		x.timestamp = "<" + strings.ToLower(rand.Text()) + "@" + x.srv.hostname() + ">"
		text += " " + x.timestamp
	}
	x.ok(text)
}

func (s *Server) hostname() string { return cmp.Or(s.Hostname, "localhost") }

// userName is USER. Whether there is such a user is not told (RFC 1939 §13).
func (x *session) userName(_ [][]byte, arg []byte) {
	if x.refusePassword() {
		return
	}
	x.Do(EventUser)
	x.user = string(bytes.Trim(arg, " "))
	x.ok("Password?")
}

// pass is PASS. All of the argument is the password.
func (x *session) pass(_ [][]byte, arg []byte) {
	x.Do(EventPass)
	user := x.user
	x.user = ""
	if x.tooManyGuesses() {
		return
	}
	name, password, err := prepared(user, string(arg))
	var identity string
	if err == nil {
		identity, err = x.srv.Backend.Login(x.ctx, name, password)
	}
	x.authenticated(user, identity, err)
}

// prepared makes a name and a password what they are compared as. What is no
// UTF-8, or has characters that no name or password has, is refused
// (RFC 6856 §2.2).
func prepared(user, password string) (string, string, error) {
	name, err := sasl.Saslprep(user, sasl.Query)
	if err == nil {
		password, err = sasl.Saslprep(password, sasl.Query)
	}
	if err != nil || name == "" || password == "" {
		return "", "", ErrAuthRefused
	}
	return name, password, nil
}

// apop is APOP (RFC 1939 §7).
func (x *session) apop(args [][]byte, _ []byte) {
	backend, has := x.srv.Backend.(APOPBackend)
	if !has {
		x.fault("There is no APOP here.")
		return
	}
	x.Do(EventApop)
	if x.tooManyGuesses() {
		return
	}
	user := string(args[0])
	secret, identity, err := apopSecret(x.ctx, backend, user)
	want := apopDigest(x.timestamp, secret)
	right := subtle.ConstantTimeCompare(want, args[1]) == 1
	if err == nil && !right {
		err = ErrAuthRefused
	}
	x.authenticated(user, identity, err)
}

// apopSecret returns what a user's proof is made of: name and password as
// SASLprep makes them (RFC 6856 §2.2). Who has no password has no proof of it.
func apopSecret(ctx context.Context, backend APOPBackend, user string) (secret, identity string, err error) {
	name, err := sasl.Saslprep(user, sasl.Query)
	if err != nil {
		return "", "", ErrAuthRefused
	}
	secret, identity, err = backend.Secret(ctx, name)
	if err != nil {
		return "", "", err
	}
	secret, err = sasl.Saslprep(secret, sasl.Stored)
	if err != nil || secret == "" {
		return "", "", ErrAuthRefused
	}
	return secret, identity, nil
}

// apopDigest is APOP's proof: the timestamp and the password behind it, by MD5,
// in hexadecimal.
func apopDigest(timestamp, secret string) []byte {
	sum := md5.Sum([]byte(timestamp + secret))
	return hex.AppendEncode(nil, sum[:])
}

// authenticated takes what became of a login, and opens the maildrop. A refusal
// has one text whatever its reason, and comes late.
func (x *session) authenticated(user, identity string, err error) {
	if err == nil && identity == "" {
		err = ErrAuthRefused
	}
	if err == nil && x.tooManyGuesses() {
		return // others that came at the same time were refused meanwhile
	}
	if err == nil {
		err = x.enter(identity)
	}
	if err == nil {
		return
	}
	x.Do(EventRefused)
	if errors.Is(err, ErrAuthRefused) {
		x.refuseLogin(user, err)
		return
	}
	if errors.Is(err, ErrInUse) {
		x.srv.logger().Info("maildrop in use", "peer", x.c.RemoteAddr(), "user", printable(user))
		if _, own := errors.AsType[*ReplyError](err); !own {
			err = errInUse
		}
	}
	x.fail("login", err)
}

var (
	errInUse      = Refuse(CodeInUse, "Another session has the maildrop.")
	errLoginDelay = Refuse(CodeLoginDelay, "The last login was not long enough ago.")
	errTooMany    = Refuse(CodeSysPerm, "The maildrop has too many messages.")
)

// enter opens the maildrop of a user who is who he says.
func (x *session) enter(identity string) error {
	now := time.Now()
	if x.srv.logins.early(identity, now) {
		return errLoginDelay
	}
	drop, err := x.srv.Backend.Open(x.ctx, identity)
	if err != nil {
		x.srv.logins.undo(identity)
		return err
	}
	if drop.Len() > x.srv.limits.MaxMessages {
		x.srv.logins.undo(identity)
		return errors.Join(errTooMany, drop.Close())
	}
	x.Do(EventLogin)
	x.drop, x.identity, x.count = drop, identity, drop.Len()
	for i := range x.count {
		x.total += drop.Stat(i)
	}
	x.unmark()
	x.srv.logger().Info("login", "peer", x.c.RemoteAddr(), "user", printable(identity), "messages", x.count)
	x.ok("The maildrop has " + strconv.Itoa(x.count) + " messages (" + strconv.FormatInt(x.size, 10) + " octets).")
	return nil
}

// tooManyGuesses ends a login that is not looked at, nor granted, since too many
// of the peer's were refused.
func (x *session) tooManyGuesses() bool {
	if !x.srv.guesses.TooMany(x.guesser()) {
		return false
	}
	x.Do(EventRefused)
	x.unseen()
	return true
}

// unseen answers such a login.
func (x *session) unseen() {
	x.srv.logger().Warn("login not looked at", "peer", x.c.RemoteAddr(), "limit", "MaxAuthFailuresPerPeer")
	if x.blame(5) {
		x.respond(refused(CodeSysTemp, "Too many logins were refused. Try later."))
	}
}

// refuseLogin answers credentials that are not right.
func (x *session) refuseLogin(user string, err error) {
	user = cmp.Or(user, sasl.RefusedUser(err))
	x.srv.logger().Warn("login refused", "peer", x.c.RemoteAddr(), "user", printable(user), "err", err)
	wait, tooMany := x.srv.guesses.Refused(x.guesser())
	if tooMany {
		x.unseen()
		return
	}
	x.pause(wait)
	r := refused(CodeAuth, "Name or password is not right.")
	if own, is := errors.AsType[*ReplyError](err); is && own.Text != "" {
		r.Text = own.Text
	}
	x.respond(r)
	x.failures++
	x.closed = x.closed || x.failures >= x.srv.limits.MaxAuthFailures
}

// pause waits, or until the session is to end. What is answered already is sent
// before.
func (x *session) pause(d time.Duration) {
	if d <= 0 || x.c.Flush() != nil {
		return
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-x.ctx.Done():
	}
}
