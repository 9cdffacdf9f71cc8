// Package users reads the users files that the programs share: lines of the
// form name:password[:home]. The password is plain, or hashed as
//
//	$pbkdf2-sha256$ITERATIONS$SALT$HASH
//	$scram-sha-256$ITERATIONS$SALT$STOREDKEY$SERVERKEY
//
// in base64 without padding ('.' may stand for '+'). Empty lines and those
// that start with # are left out. Names and passwords are prepared by SASLprep
// (RFC 4013), so that it does not matter how an ü was typed. A plain password may
// have spaces in it, also at its ends, and '#', but no ':', which ends it: hash
// such a one. What looks like a hash of another kind is refused, since it would
// be a password that is as good as told.
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
	byName    map[string]user
	names     []string // in the order of the file
	costliest secret   // to check; checked for a name that is not there
	plain     bool     // no password is hashed

	// derive makes the verifiers of all plain passwords, once.
	derive map[crypto.Hash]func() map[string]sasl.Verifier
}

type user struct {
	secret secret
	home   string
}

// secret is a password as the file keeps it.
type secret struct {
	plain string        // empty if it is hashed
	sum   [32]byte      // SHA-256 of plain
	keys  sasl.Verifier // where it is hashed, with SHA-256
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
		if number == 1 {
			text = strings.TrimPrefix(text, byteOrderMark)
		}
		if strings.TrimSpace(text) == "" || text[0] == '#' {
			continue
		}
		name, known, err := parseLine(text)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", number, err)
		}
		if u.Has(name) {
			return nil, fmt.Errorf("line %d: %q is there twice", number, name)
		}
		u.byName[name] = known
		u.names = append(u.names, name)
		u.plain = u.plain && known.secret.plain != ""
		if known.secret.keys.Iterations >= u.costliest.keys.Iterations {
			u.costliest = known.secret
		}
	}
	u.deriveOnce()
	return u, sc.Err()
}

// byteOrderMark is what some editors begin a file with. In front of a '#' it
// would make a user of a comment.
const byteOrderMark = "\ufeff"

// parseLine takes a line. Its errors do not show it: it has a password in it.
func parseLine(text string) (name string, known user, err error) {
	name, rest, ok := strings.Cut(text, ":")
	if !ok || name == "" {
		return "", user{}, errors.New("want name:password[:home]")
	}
	if strings.TrimSpace(name) != name {
		return "", user{}, errors.New("space around the name")
	}
	password, home, _ := strings.Cut(rest, ":")
	s, err := parseSecret(password)
	if err != nil {
		return "", user{}, fmt.Errorf("%q: %w", name, err)
	}
	return prepared(name), user{secret: s, home: home}, nil
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
	if rest, ok := strings.CutPrefix(s, "$scram-sha-256$"); ok {
		return parseHash(rest, true)
	}
	if rest, ok := strings.CutPrefix(s, "$pbkdf2-sha256$"); ok {
		return parseHash(rest, false)
	}
	switch {
	case s == "":
		return secret{}, errors.New("empty password")
	case looksHashed(s):
		return secret{}, errors.New("hash: of a kind that is not known")
	}
	s = prepared(s)
	return secret{plain: s, sum: sha256.Sum256([]byte(s))}, nil
}

// looksHashed tells whether s is of the form $kind$…$…, as hashes are.
func looksHashed(s string) bool {
	fields := strings.Split(s, "$")
	if len(fields) < 4 || fields[0] != "" || fields[1] == "" {
		return false
	}
	kind := ascii.Alpha.Or(ascii.Digit).Or(ascii.Chars("-"))
	return ascii.Span(&kind, fields[1]) == len(fields[1])
}

// parseHash takes what is behind the name of a hash. Of SaltedPassword, by which
// anybody could log in, only the keys are kept (RFC 5802 §3).
func parseHash(s string, scram bool) (secret, error) {
	fields := strings.Split(s, "$")
	if scram && len(fields) != 4 || !scram && len(fields) != 3 {
		return secret{}, errors.New("hash: wrong number of fields")
	}
	n, used, err := ascii.Decimal(fields[0], maxIterations)
	if err != nil || used != len(fields[0]) || n == 0 {
		return secret{}, fmt.Errorf("hash: iterations not in 1 to %d", maxIterations)
	}
	salt, err := decode(fields[1])
	if err != nil || len(salt) == 0 {
		return secret{}, errors.New("hash: salt: none, or not base64")
	}
	key, err := decodeKey(fields[2])
	if err != nil {
		return secret{}, err
	}
	if !scram {
		return secret{keys: sasl.VerifierOf(crypto.SHA256, key, salt, int(n))}, nil
	}
	serverKey, err := decodeKey(fields[3])
	if err != nil {
		return secret{}, err
	}
	return secret{keys: sasl.Verifier{Salt: salt, Iterations: int(n), StoredKey: key, ServerKey: serverKey}}, nil
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
// each name, whether it is there or not.
func (u *Users) Check(name, password string) bool {
	password = prepared(password)
	s, rest, ok := u.toCheck(name)
	right := s.matches(password)
	if rest > 0 {
		pbkdf2.Key(sha256.New, password, s.keys.Salt, rest, sha256.Size)
	}
	return ok && right
}

// toCheck returns the password of a name, or another's if it is not there, and
// how many iterations are to be done besides, so that the time does not tell
// which it is.
func (u *Users) toCheck(name string) (s secret, rest int, ok bool) {
	known, ok := u.byName[prepared(name)]
	if !ok {
		return u.costliest, 0, false
	}
	return known.secret, u.costliest.keys.Iterations - known.secret.keys.Iterations, true
}

// matches takes a prepared password.
func (s *secret) matches(password string) bool {
	if s.keys.Iterations == 0 {
		sum := sha256.Sum256([]byte(password))
		return subtle.ConstantTimeCompare(sum[:], s.sum[:]) == 1
	}
	salted, err := pbkdf2.Key(sha256.New, password, s.keys.Salt, s.keys.Iterations, sha256.Size)
	if err != nil {
		return false
	}
	got := sasl.VerifierOf(crypto.SHA256, salted, s.keys.Salt, s.keys.Iterations)
	return subtle.ConstantTimeCompare(got.StoredKey, s.keys.StoredKey) == 1
}

// Home returns what the file has behind the password of name.
func (u *Users) Home(name string) string { return u.byName[prepared(name)].home }
