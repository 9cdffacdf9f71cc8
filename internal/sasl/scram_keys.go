package sasl

import (
	"crypto"
	"crypto/pbkdf2"
	"crypto/subtle"
	"errors"
	"fmt"
)

// MinIterations is the least iteration count that a server should announce
// (RFC 7677 §4), and the least that our client works with.
const MinIterations = 4096

// Verifier is what a server keeps of a password for SCRAM (RFC 5802 §3): who
// steals it cannot log in with it, though he can try passwords on it.
type Verifier struct {
	// Identity is who the user is once he has logged in. Empty means the user
	// name as he gave it, and that he may be nobody else.
	Identity string
	// Salt and Iterations are what the keys were made with.
	Salt       []byte
	Iterations int
	// StoredKey is H(ClientKey), ServerKey is HMAC(SaltedPassword, "Server
	// Key").
	StoredKey []byte
	ServerKey []byte
}

// NewVerifier makes a verifier from a password, which is prepared as a stored
// string (RFC 5802 §2.2).
func NewVerifier(hash crypto.Hash, password string, salt []byte, iterations int) (Verifier, error) {
	salted, err := saltedPassword(hash, password, salt, iterations)
	if err != nil {
		return Verifier{}, err
	}
	return VerifierOf(hash, salted, salt, iterations), nil
}

// VerifierOf makes a verifier from a SaltedPassword: what PBKDF2 makes of the
// password by HMAC with that hash, as long as the hash (RFC 5802 §2.2).
func VerifierOf(hash crypto.Hash, salted, salt []byte, iterations int) Verifier {
	return Verifier{
		Salt:       salt,
		Iterations: iterations,
		StoredKey:  storedKey(hash, clientKey(hash, salted)),
		ServerKey:  hmacOf(hash, salted, []byte("Server Key")),
	}
}

// saltedPassword is Hi(Normalize(password), salt, i) of RFC 5802 §3.
func saltedPassword(hash crypto.Hash, password string, salt []byte, iterations int) ([]byte, error) {
	prepared, err := Saslprep(password, Stored)
	if err != nil {
		return nil, fmt.Errorf("%w: password: %w", ErrCredentials, err)
	}
	if prepared == "" {
		return nil, fmt.Errorf("%w: empty password", ErrCredentials)
	}
	return pbkdf2.Key(hash.New, prepared, salt, iterations, hash.Size())
}

func clientKey(hash crypto.Hash, salted []byte) []byte {
	return hmacOf(hash, salted, []byte("Client Key"))
}

func storedKey(hash crypto.Hash, clientKey []byte) []byte {
	h := hash.New()
	h.Write(clientKey)
	return h.Sum(nil)
}

// authMessage is what proof and signature are made over: all that was said.
func authMessage(clientFirstBare, serverFirst, clientFinalWithoutProof []byte) []byte {
	var b []byte
	b = append(append(b, clientFirstBare...), ',')
	b = append(append(b, serverFirst...), ',')
	return append(b, clientFinalWithoutProof...)
}

// clientProof is ClientKey XOR ClientSignature.
func clientProof(hash crypto.Hash, clientKey, authMessage []byte) []byte {
	proof := hmacOf(hash, storedKey(hash, clientKey), authMessage)
	subtle.XORBytes(proof, proof, clientKey)
	return proof
}

// proves tells whether the client's proof gives the key that is stored: the
// other way round, ClientKey = ClientProof XOR ClientSignature.
func (v *Verifier) proves(hash crypto.Hash, proof, authMessage []byte) bool {
	key := hmacOf(hash, v.StoredKey, authMessage)
	if len(proof) != len(key) {
		return false
	}
	subtle.XORBytes(key, key, proof)
	return subtle.ConstantTimeCompare(storedKey(hash, key), v.StoredKey) == 1
}

var errVerifier = errors.New("sasl: a verifier that is none")

// check tells whether v can be one for hash.
func (v *Verifier) check(hash crypto.Hash) error {
	size := hash.Size()
	if len(v.Salt) == 0 || v.Iterations <= 0 || len(v.StoredKey) != size || len(v.ServerKey) != size {
		return errVerifier
	}
	return nil
}
