// Package users reads the users files that the programs share: lines of the
// form name:password[:home]. The password is plain, or hashed as
//
//	$pbkdf2-sha256$ITERATIONS$SALT$HASH
//	$scram-sha-256$ITERATIONS$SALT$STOREDKEY$SERVERKEY
//
// in base64 without padding ('.' may stand for '+'). Empty lines and those
// that start with # are left out. Names and passwords are prepared by SASLprep
// (RFC 4013), so that it does not matter how an ü was typed.
//
// # Making a line
//
// HASH is the password put through PBKDF2 with HMAC-SHA-256, as long as the
// digest; STOREDKEY and SERVERKEY are made from it (RFC 5802 §3), and whoever
// reads them cannot log in by SCRAM, as he could with HASH. [Hash] makes such a
// password, and so does this, which asks for one:
//
//	python3 -c '
//	import base64, getpass, hashlib, hmac, os
//	n, salt = 10000, os.urandom(16)
//	b64 = lambda b: base64.b64encode(b).decode().rstrip("=")
//	key = hashlib.pbkdf2_hmac("sha256", getpass.getpass().encode(), salt, n)
//	mac = lambda text: hmac.digest(key, text, "sha256")
//	stored = hashlib.sha256(mac(b"Client Key")).digest()
//	print("$scram-sha-256", n, b64(salt), b64(stored), b64(mac(b"Server Key")), sep="$")'
//
// Clients do SCRAM with at least 4096 iterations, and ours with a million at
// most.
//
// # What can be offered
//
// PLAIN and LOGIN go with every line ([Users.Check]), SCRAM-SHA-256 too
// ([Users.SCRAM]). SCRAM-SHA-1, CRAM-MD5 and POP3's APOP need plain passwords:
// offer them only where [Users.Plain] tells that all are, since a client that
// chooses one of them does not try another.
package users

import (
	"bufio"
	"crypto"
	"crypto/pbkdf2"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"applayer/internal/ascii"
	"applayer/internal/sasl"
)

// maxIterations bounds the work that one line of the file can ask for.
const maxIterations = 10_000_000

// Users is what a users file says. It never changes and may be shared.
type Users struct {
	byName map[string]user
	names  []string // in the order of the file
	decoy  secret   // checked for a name that is not there
	plain  bool     // no password is hashed

	// derive makes the verifiers of all plain passwords, once.
	derive map[crypto.Hash]func() map[string]sasl.Verifier
}

type user struct {
	secret secret
	home   string
}

// secret is a password as the file keeps it.
type secret struct {
	plain      string // empty if it is hashed
	hash       []byte
	salt       []byte
	iterations int    // 0: hash is the SHA-256 of plain
	scram      bool   // hash is the StoredKey of RFC 5802 §3
	serverKey  []byte // with scram
}

// ReadFile reads the users file of that name.
func ReadFile(name string) (*Users, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	u, err := Read(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return u, nil
}

// Read reads a users file.
func Read(r io.Reader) (*Users, error) {
	u := &Users{byName: map[string]user{}, plain: true}
	sc := bufio.NewScanner(r)
	for number := 1; sc.Scan(); number++ {
		text := sc.Text()
		if text == "" || text[0] == '#' {
			continue
		}
		name, rest, ok := strings.Cut(text, ":")
		if !ok || name == "" {
			return nil, fmt.Errorf("line %d: want name:password[:home]", number)
		}
		if u.Has(name) {
			return nil, fmt.Errorf("line %d: %q is there twice", number, name)
		}
		password, home, _ := strings.Cut(rest, ":")
		s, err := parseSecret(password)
		if err != nil {
			return nil, fmt.Errorf("line %d: %q: %w", number, name, err)
		}
		u.byName[prepared(name)] = user{secret: s, home: home}
		u.names = append(u.names, prepared(name))
		u.plain = u.plain && s.plain != ""
		if s.iterations >= u.decoy.iterations {
			u.decoy = s
		}
	}
	u.deriveOnce()
	return u, sc.Err()
}

// prepared prepares a name or a password. One that cannot be is itself: it does
// for those who type the very same.
func prepared(s string) string {
	if p, err := sasl.Saslprep(s, sasl.Query); err == nil && p != "" {
		return p
	}
	return s
}

func parseSecret(s string) (secret, error) {
	rest, pbkdf := strings.CutPrefix(s, "$pbkdf2-sha256$")
	rest, scram := strings.CutPrefix(rest, "$scram-sha-256$")
	if !pbkdf && !scram {
		if s == "" {
			return secret{}, errors.New("empty password")
		}
		s = prepared(s)
		sum := sha256.Sum256([]byte(s))
		return secret{plain: s, hash: sum[:]}, nil
	}
	fields := strings.Split(rest, "$")
	if scram && len(fields) != 4 || pbkdf && len(fields) != 3 {
		return secret{}, errors.New("hash: wrong number of fields")
	}
	n, used, err := ascii.Decimal(fields[0], maxIterations)
	if err != nil || used != len(fields[0]) || n == 0 {
		return secret{}, fmt.Errorf("hash: iterations not in 1 to %d", maxIterations)
	}
	salt, err := decode(fields[1])
	if err != nil {
		return secret{}, fmt.Errorf("hash: salt: %w", err)
	}
	hash, err := decodeKey(fields[2])
	if err != nil {
		return secret{}, err
	}
	var serverKey []byte
	if scram {
		if serverKey, err = decodeKey(fields[3]); err != nil {
			return secret{}, err
		}
	}
	return secret{hash: hash, salt: salt, iterations: int(n), scram: scram, serverKey: serverKey}, nil
}

func decodeKey(s string) ([]byte, error) {
	key, err := decode(s)
	if err != nil || len(key) != sha256.Size {
		return nil, errors.New("hash: not 32 octets in base64")
	}
	return key, nil
}

func decode(s string) ([]byte, error) {
	s = strings.TrimRight(strings.ReplaceAll(s, ".", "+"), "=")
	return base64.RawStdEncoding.DecodeString(s)
}

// Check tells whether name is a user with that password. It takes as long for
// a name that is not there as for the costliest one that is.
func (u *Users) Check(name, password string) bool {
	password = prepared(password)
	known, ok := u.byName[prepared(name)]
	if !ok || known.secret.iterations == 0 {
		u.decoy.matches(password)
	}
	return ok && known.secret.matches(password)
}

// matches takes a prepared password.
func (s *secret) matches(password string) bool {
	if s.iterations == 0 {
		sum := sha256.Sum256([]byte(password))
		return subtle.ConstantTimeCompare(sum[:], s.hash) == 1
	}
	got, err := pbkdf2.Key(sha256.New, password, s.salt, s.iterations, sha256.Size)
	if err != nil {
		return false
	}
	if s.scram {
		got = sasl.VerifierOf(crypto.SHA256, got, s.salt, s.iterations).StoredKey
	}
	return subtle.ConstantTimeCompare(got, s.hash) == 1
}

// Home returns what the file has behind the password of name.
func (u *Users) Home(name string) string { return u.byName[prepared(name)].home }
