package pop3

import (
	"context"
	"crypto"
	"crypto/tls"

	"applayer/internal/sasl"
)

// SCRAMOptions are what [AuthSCRAM] can be told beside user and password.
type SCRAMOptions struct {
	// Identity is whom to act as; empty means the user himself.
	Identity string
	// TLS is the connection's state, as [Client.TLS] tells it, to tie the login
	// to the connection, so that nobody in the middle can pass it on (-PLUS).
	// Nil does without.
	TLS *tls.ConnectionState
	// Plus tells that the server offers the -PLUS of the mechanism, without
	// which it cannot be used. With TLS and without Plus the server is told
	// that it seems not to offer it, and refuses if it does: somebody took it
	// off the list (RFC 5802 §6).
	Plus bool
}

// AuthSCRAM is SCRAM-SHA-256 (RFC 7677) or SCRAM-SHA-1 (RFC 5802), by hash
// crypto.SHA256 or crypto.SHA1: client and server show each other that they know
// the password, and neither learns more than it knew. A server that asks for
// less than 4096 iterations, which would be too easy to try passwords on, or
// more than a million is refused.
func AuthSCRAM(hash crypto.Hash, user, password string, opts *SCRAMOptions) SASLClient {
	c := &sasl.SCRAMClient{Hash: hash, User: user, Password: password}
	if opts != nil {
		c.Identity, c.Plus = opts.Identity, opts.Plus
		c.Binding = sasl.ClientBinding(opts.TLS)
	}
	return c
}

// SCRAMVerifier is what a server keeps of a password for SCRAM (RFC 5802 §3).
// Who steals it cannot log in with it, though he can try passwords on it.
type SCRAMVerifier struct {
	// Identity is who the user is once he has logged in. Empty means the user
	// name as he gave it, and that he may act as nobody else.
	Identity string
	// Salt and Iterations are what the keys were made with. Clients may refuse
	// less than 4096 iterations.
	Salt       []byte
	Iterations int
	// StoredKey is H(ClientKey), ServerKey is HMAC(SaltedPassword, "Server
	// Key"): 20 octets with SHA-1, 32 with SHA-256.
	StoredKey []byte
	ServerKey []byte
}

// NewSCRAMVerifier makes the verifier of a password. It takes as long as
// iterations ask, so that it is not for each login.
func NewSCRAMVerifier(hash crypto.Hash, password string, salt []byte, iterations int) (SCRAMVerifier, error) {
	v, err := sasl.NewVerifier(hash, password, salt, iterations)
	return SCRAMVerifier(v), err
}

// ServeSCRAM is SCRAM with hash (crypto.SHA256, crypto.SHA1) for a server, and
// over TLS the mechanism's -PLUS before it, which is tied to the connection.
//
// Lookup returns the verifier of a user who asks to act as identity (empty: as
// himself). For a user who is not there, or may not, it returns [ErrAuthRefused]:
// the exchange goes on to its end, so that the client cannot tell. The salt and
// iteration count that he is shown are those returned with it; with none they
// are made up, and stay the same while the program runs. Any other error means
// that it cannot be told.
func ServeSCRAM(c *Conn, hash crypto.Hash, lookup func(ctx context.Context, identity, user string) (SCRAMVerifier, error)) []SASLServer {
	find := func(ctx context.Context, identity, user string) (sasl.Verifier, error) {
		v, err := lookup(ctx, identity, user)
		return sasl.Verifier(v), err
	}
	bindings := sasl.ServerBindings(c.nc)
	var all []SASLServer
	if len(bindings) > 0 {
		all = append(all, &sasl.SCRAMServer{Hash: hash, Bindings: bindings, Lookup: find, Plus: true})
	}
	return append(all, &sasl.SCRAMServer{Hash: hash, Bindings: bindings, Lookup: find})
}
