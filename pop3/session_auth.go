package pop3

import (
	"context"
	"encoding/base64"
	"errors"
	"slices"

	"applayer/internal/ascii"
)

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
	if x.tooManyGuesses() {
		return
	}
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
		if identity != "" && x.srv.guesses.TooMany(x.guesser()) {
			// authenticated does not grant it, and a challenge would tell already
			// that it was right.
			return identity, nil
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
