package pop3

import (
	"context"

	"applayer/internal/sasl"
)

// AuthPlain is PLAIN (RFC 4616): the password as it is. An empty identity acts
// as the user himself.
func AuthPlain(identity, user, password string) SASLClient {
	return &sasl.PlainClient{Identity: identity, User: user, Password: password}
}

// AuthLogin is LOGIN, as PLAIN for servers that do not know that.
func AuthLogin(user, password string) SASLClient {
	return &sasl.LoginClient{User: user, Password: password}
}

// AuthCRAMMD5 is CRAM-MD5 (RFC 2195): a digest keyed by the password. Who hears
// it can try passwords on it; prefer SCRAM.
func AuthCRAMMD5(user, password string) SASLClient {
	return &sasl.CRAMMD5Client{User: user, Password: password}
}

// AuthOAuthBearer is OAUTHBEARER (RFC 7628): an access token of OAuth 2.0, for
// use under TLS. Host and port are those of the server, as dialled; empty and 0
// leave them out.
//
// A server that does not take the token tells why before it refuses it: what
// is returned has a method Failure() []byte with that JSON (RFC 7628 §3.2.2),
// nil if there was none.
func AuthOAuthBearer(user, token, host string, port int) SASLClient {
	return &sasl.OAuthBearerClient{User: user, Token: token, Host: host, Port: port}
}

// AuthExternal is EXTERNAL (RFC 4422 §A): the TLS certificate tells who
// the client is. An empty identity acts as that one.
func AuthExternal(identity string) SASLClient {
	return &sasl.ExternalClient{Identity: identity}
}

// ServePlain is PLAIN for a server. Check tells whether user, with that
// password, may act as identity (empty: as himself), and who he is then. It
// returns [ErrAuthRefused] for no, and any other error where it cannot tell.
func ServePlain(check func(ctx context.Context, identity, user, password string) (who string, err error)) SASLServer {
	return &sasl.PlainServer{Check: check}
}

// ServeLogin is LOGIN for a server. Check is as that of [ServePlain]; identity
// is always empty.
func ServeLogin(check func(ctx context.Context, identity, user, password string) (who string, err error)) SASLServer {
	return &sasl.LoginServer{Check: check}
}

// ServeCRAMMD5 is CRAM-MD5 for a server, which must know the passwords as they
// are. Host is its name. Password is given a name prepared by SASLprep (RFC 4013),
// which is who the client is then. It returns [ErrAuthRefused] for a user who is
// not there, and any other error where it cannot tell.
func ServeCRAMMD5(host string, password func(ctx context.Context, user string) (string, error)) SASLServer {
	return &sasl.CRAMMD5Server{Host: host, Password: password}
}

// ServeExternal is EXTERNAL for a server. Check tells who the client is, from
// his certificate, who asks to act as identity (empty: as whom it names). It
// returns [ErrAuthRefused] for nobody, and any other error where it cannot tell.
func ServeExternal(check func(ctx context.Context, identity string) (who string, err error)) SASLServer {
	return &sasl.ExternalServer{Check: check}
}
