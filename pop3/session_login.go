package pop3

import (
	"cmp"
	"context"
	"crypto/md5"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"applayer/internal/ascii"
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

// capa is CAPA (RFC 2449 §5). What is told of is what would be taken now, but
// that what belongs to the login is told of behind it, too.
func (x *session) capa([][]byte, []byte) {
	if !x.blame(1) {
		return
	}
	x.ok("Capabilities:")
	for _, c := range x.capabilities() {
		if err := x.c.hold(func(b []byte) ([]byte, error) {
			b, err := AppendCapability(b, c)
			return append(b, '\r', '\n'), err
		}); err != nil {
			x.cut("capability", err)
			return
		}
	}
	x.lastLine()
}

func (x *session) capabilities() Capabilities {
	caps := Capabilities{{Tag: "TOP"}, {Tag: "UIDL"}, {Tag: "RESP-CODES"}, {Tag: "AUTH-RESP-CODE"}, {Tag: "PIPELINING"}}
	add := func(tag string, params ...string) { caps = append(caps, Capability{tag, params}) }
	if x.mayHearPasswords() {
		add("USER")
	}
	var names []string
	for _, m := range x.mechanisms() {
		names = append(names, m.Mechanism())
	}
	if len(names) > 0 {
		add("SASL", names...)
	}
	if x.mayStartTLS() {
		add("STLS")
	}
	add("UTF8", "USER")
	add("LANG")
	if d := x.srv.LoginDelay; d > 0 {
		add("LOGIN-DELAY", strconv.FormatInt(int64((d+time.Second-1)/time.Second), 10))
	}
	if e := x.srv.Expire.String(); e != "" {
		add("EXPIRE", e)
	}
	if words := strings.Fields(x.srv.Implementation); len(words) > 0 {
		add("IMPLEMENTATION", words...)
	}
	return caps
}

// mayHearPasswords tells whether passwords are taken as they are: within TLS,
// and from where nobody stands between.
func (x *session) mayHearPasswords() bool {
	_, secure := x.c.TLS()
	return secure || x.srv.AllowInsecureAuth || isLocal(x.c.RemoteAddr())
}

// isLocal tells whether a peer is on this host.
func isLocal(a net.Addr) bool {
	switch a := a.(type) {
	case *net.TCPAddr:
		return a.IP.IsLoopback()
	case *net.UnixAddr:
		return true
	}
	return false
}

// userName is USER. Whether there is such a user is not told (RFC 1939 §13).
func (x *session) userName(_ [][]byte, arg []byte) {
	if x.refusePassword() {
		return
	}
	x.Do(EventUser)
	x.user = string(trimSpaces(arg))
	x.ok("Password?")
}

// refusePassword answers a command that begins a login with a password in the
// clear where that must not be (RFC 2595 §2.3), before the password is said.
func (x *session) refusePassword() bool {
	if x.mayHearPasswords() {
		return false
	}
	if x.blame(5) {
		x.respond(refused(CodeAuth, "Not in the clear: begin with STLS."))
	}
	return true
}

// pass is PASS. All of the argument is the password.
func (x *session) pass(_ [][]byte, arg []byte) {
	x.Do(EventPass)
	user := x.user
	x.user = ""
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
	user := string(args[0])
	secret, identity, err := backend.Secret(x.ctx, user)
	if err != nil {
		secret, identity = "", ""
	}
	want := apopDigest(x.timestamp, secret)
	if subtle.ConstantTimeCompare(want, args[1]) != 1 && err == nil {
		err = ErrAuthRefused
	}
	x.authenticated(user, identity, err)
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
	x.unmark()
	x.srv.logger().Info("login", "peer", x.c.RemoteAddr(), "user", printable(identity), "messages", x.count)
	x.ok("The maildrop has " + strconv.Itoa(x.count) + " messages (" + strconv.FormatInt(x.size, 10) + " octets).")
	return nil
}

// refuseLogin answers credentials that are not right.
func (x *session) refuseLogin(user string, err error) {
	x.srv.logger().Warn("login refused", "peer", x.c.RemoteAddr(), "user", printable(user), "err", err)
	x.pause(x.srv.guard.refuse(x.c.RemoteAddr(), time.Now()))
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

// clearMechanisms carry what opens doors as it is.
var clearMechanisms = []string{"PLAIN", "LOGIN", "OAUTHBEARER", "XOAUTH2"}

// mechanisms are those that would be taken now.
func (x *session) mechanisms() []SASLServer {
	all := x.srv.mechanisms(x.c)
	if x.mayHearPasswords() {
		return all
	}
	return slices.DeleteFunc(all, func(m SASLServer) bool { return slices.Contains(clearMechanisms, m.Mechanism()) })
}

// mechanisms are those that there are.
func (s *Server) mechanisms(c *Conn) []SASLServer {
	if s.Auth != nil {
		return slices.Clone(s.Auth(c))
	}
	return []SASLServer{ServePlain(func(ctx context.Context, identity, user, password string) (string, error) {
		if identity != "" && identity != user {
			return "", ErrAuthRefused
		}
		return s.Backend.Login(ctx, user, password)
	})}
}

// auth is AUTH (RFC 5034 §4).
func (x *session) auth(args [][]byte, _ []byte) {
	named := func(m SASLServer) bool { return ascii.EqualFold(m.Mechanism(), args[0]) }
	mechanisms := x.mechanisms()
	i := slices.IndexFunc(mechanisms, named)
	if i < 0 {
		clear := slices.ContainsFunc(clearMechanisms, func(name string) bool { return ascii.EqualFold(name, args[0]) })
		if !clear || !x.refusePassword() {
			x.fault("There is no such mechanism.")
		}
		return
	}
	var response []byte
	if len(args) == 2 {
		var err error
		if response, err = decodeInitial(args[1]); err != nil {
			x.fault("That is not base64.")
			return
		}
	}
	x.Do(EventAuth)
	x.user = ""
	who, err := x.exchange(mechanisms[i], response)
	if x.closed {
		return
	}
	if fault, is := errors.AsType[*authFault](err); is {
		x.Do(EventRefused)
		x.fault(string(*fault))
		return
	}
	x.authenticated(who, who, err)
}

// authFault is what was wrong with the form of an exchange.
type authFault string

func (f *authFault) Error() string { return string(*f) }

func newAuthFault(text string) error { return new(authFault(text)) }

// exchange goes through the steps of a mechanism.
func (x *session) exchange(m SASLServer, response []byte) (identity string, err error) {
	for {
		challenge, identity, err := m.Step(x.ctx, response)
		if errors.Is(err, ErrAuthSyntax) {
			return "", newAuthFault("That is not what the mechanism asks for.")
		}
		if err != nil || identity != "" && challenge == nil {
			return identity, err
		}
		if response, err = x.challenge(challenge); err != nil {
			return "", err
		}
		if identity != "" {
			if len(response) > 0 {
				return "", newAuthFault("Nothing was left to say.")
			}
			return identity, nil
		}
	}
}

// challenge asks for a client's response.
func (x *session) challenge(challenge []byte) ([]byte, error) {
	x.respond(Response{Status: StatusContinue, Text: base64.StdEncoding.EncodeToString(challenge)})
	x.wait()
	line, err := x.c.ReadAuthLine()
	limit, isLimit := errors.AsType[*LimitError](err)
	switch {
	case isLimit && limit.Name == "MaxAuthLine":
		return nil, newAuthFault("The line is too long.")
	case err != nil:
		x.unreadable(err)
		return nil, err
	case len(line) == 1 && line[0] == '*':
		return nil, newAuthFault("Cancelled.")
	}
	response, err := decodeBase64(line)
	if err != nil {
		return nil, newAuthFault("That is not base64.")
	}
	return response, nil
}

// decodeInitial decodes an initial response; "=" is the empty one.
func decodeInitial(b []byte) ([]byte, error) {
	if len(b) == 1 && b[0] == '=' {
		return []byte{}, nil
	}
	return decodeBase64(b)
}

// strictBase64 takes no bits behind the last octet. Line ends, which package
// base64 would pass over, are in no line.
var strictBase64 = base64.StdEncoding.Strict()

// decodeBase64 decodes a line of an exchange, of which no octet is passed over
// (RFC 5034 §4).
func decodeBase64(b []byte) ([]byte, error) {
	if i := slices.IndexFunc(b, func(c byte) bool { return c == '\r' || c == '\n' }); i >= 0 {
		return nil, &ParseError{Offset: int64(i), What: "base64", Ref: "RFC 5034 §4", Err: ErrControlOctet}
	}
	decoded := make([]byte, strictBase64.DecodedLen(len(b)))
	n, err := strictBase64.Decode(decoded, b)
	if err != nil {
		return nil, &ParseError{What: "base64", Ref: "RFC 5034 §4", Err: ErrSyntax}
	}
	return decoded[:n], nil
}

// mayStartTLS tells whether STLS would be granted.
func (x *session) mayStartTLS() bool {
	_, secure := x.c.TLS()
	return x.srv.tls != nil && !secure && !x.utf8 && x.Can(EventSTLS)
}

// stls is STLS (RFC 2595 §4). Whatever came behind it came in the clear, from
// anybody on the way, and is not to be answered within TLS (CVE-2011-0411).
func (x *session) stls([][]byte, []byte) {
	switch {
	case !x.mayStartTLS():
		x.fault("There is no TLS to begin.")
		return
	case x.c.Buffered() > 0:
		x.hangUp("", "Nothing may follow STLS.")
		return
	}
	x.Do(EventSTLS)
	x.user = "" // it came from anybody, too
	x.ok("Begin TLS.")
	ctx, cancel := context.WithTimeout(x.ctx, x.srv.timeouts.Handshake)
	defer cancel()
	if err := x.c.StartTLS(ctx, x.srv.tls); err != nil {
		x.srv.logger().Info("TLS handshake", "peer", x.c.RemoteAddr(), "err", err)
		x.closed = true
	}
}

// trimSpaces cuts spaces off both ends.
func trimSpaces(b []byte) []byte {
	for len(b) > 0 && b[0] == ' ' {
		b = b[1:]
	}
	for len(b) > 0 && b[len(b)-1] == ' ' {
		b = b[:len(b)-1]
	}
	return b
}
