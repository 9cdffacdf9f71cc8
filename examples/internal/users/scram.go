package users

import (
	"crypto"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"sync"

	"applayer/internal/sasl"
)

// Plain tells whether all passwords are plain, as SCRAM-SHA-1, CRAM-MD5 and APOP
// need them.
func (u *Users) Plain() bool { return u.plain }

// Password returns the password of name, if the file has it plain.
func (u *Users) Password(name string) (string, bool) {
	s := u.byName[prepared(name)].secret
	return s.plain, s.plain != ""
}

// SCRAM returns the verifier of name for SCRAM with hash, crypto.SHA256 or
// crypto.SHA1; smtp and pop3 have a type of the same fields. For a name that is
// not there, or whose password is hashed otherwise, the error is one that is
// those packages' ErrAuthRefused, and what comes with it is to be returned too:
// what is shown of him looks like others.
func (u *Users) SCRAM(hash crypto.Hash, name string) (sasl.Verifier, error) {
	name = prepared(name)
	if s := u.byName[name].secret; s.keys.Iterations > 0 && hash == crypto.SHA256 {
		return s.keys, nil
	}
	// All are made at once, by whoever is the first to ask for anybody: it
	// does not tell who is there.
	if derive := u.derive[hash]; derive != nil {
		if v, ok := derive()[name]; ok {
			return v, nil
		}
	}
	return u.shown(hash, name), sasl.ErrRefused
}

// deriveOnce sets derive.
func (u *Users) deriveOnce() {
	u.derive = map[crypto.Hash]func() map[string]sasl.Verifier{}
	for _, hash := range []crypto.Hash{crypto.SHA1, crypto.SHA256} {
		u.derive[hash] = sync.OnceValue(func() map[string]sasl.Verifier {
			all := map[string]sasl.Verifier{}
			for name, known := range u.byName {
				if known.secret.plain == "" {
					continue
				}
				// The salt is the one that is shown of a name that is not there.
				v, err := sasl.NewVerifier(hash, known.secret.plain, sasl.DecoySalt(name, sasl.SaltSize), sasl.MinIterations)
				if err == nil {
					all[name] = v
				}
			}
			return all
		})
	}
}

// shown is what is shown of a name that has no verifier: a salt and a count as
// one of the users has them, so that none of those is like nobody else's.
func (u *Users) shown(hash crypto.Hash, name string) sasl.Verifier {
	size, iterations := sasl.SaltSize, sasl.MinIterations
	if hash == crypto.SHA256 && len(u.names) > 0 {
		draw := binary.BigEndian.Uint64(sasl.DecoySalt("\x00"+name, 8)) // apart from the salt
		like := u.byName[u.names[draw%uint64(len(u.names))]].secret.keys
		if like.Iterations > 0 {
			size, iterations = len(like.Salt), like.Iterations
		}
	}
	return sasl.Verifier{Salt: sasl.DecoySalt(name, size), Iterations: iterations}
}

// Hash returns what stands in a users file for a password: its SCRAM-SHA-256
// keys with a salt of its own. Less than 4096 iterations are made 4096.
func Hash(password string, iterations int) (string, error) {
	salt := make([]byte, 16)
	rand.Read(salt)
	v, err := sasl.NewVerifier(crypto.SHA256, password, salt, max(iterations, sasl.MinIterations))
	if err != nil {
		return "", err
	}
	encode := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$scram-sha-256$%d$%s$%s$%s", v.Iterations, encode(v.Salt), encode(v.StoredKey), encode(v.ServerKey)), nil
}
