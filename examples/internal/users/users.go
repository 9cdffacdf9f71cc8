// Package users reads the users files that the programs share: lines of the
// form name:password[:home]. The password is plain, or hashed as
//
//	$pbkdf2-sha256$ITERATIONS$SALT$HASH
//	$scram-sha-256$ITERATIONS$SALT$STOREDKEY$SERVERKEY
//
// in base64 without padding ('.' may stand for '+'). Empty lines and those
// that start with # are left out.
package users

import (
	"bufio"
	"crypto/hmac"
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
)

// maxIterations bounds the work that one line of the file can ask for.
const maxIterations = 10_000_000

// Users is what a users file says. It never changes and may be shared.
type Users struct {
	byName map[string]user
	names  []string // in the order of the file
	decoy  secret   // checked for a name that is not there
}

type user struct {
	secret secret
	home   string
}

// secret is a password as the file keeps it.
type secret struct {
	hash       []byte
	salt       []byte
	iterations int  // 0: hash is the SHA-256 of the password
	scram      bool // hash is the StoredKey of RFC 5802 §3
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
	u := &Users{byName: map[string]user{}}
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
		if _, twice := u.byName[name]; twice {
			return nil, fmt.Errorf("line %d: %q is there twice", number, name)
		}
		password, home, _ := strings.Cut(rest, ":")
		s, err := parseSecret(password)
		if err != nil {
			return nil, fmt.Errorf("line %d: %q: %w", number, name, err)
		}
		u.byName[name] = user{secret: s, home: home}
		u.names = append(u.names, name)
		if s.iterations >= u.decoy.iterations {
			u.decoy = s
		}
	}
	return u, sc.Err()
}

func parseSecret(s string) (secret, error) {
	rest, pbkdf := strings.CutPrefix(s, "$pbkdf2-sha256$")
	rest, scram := strings.CutPrefix(rest, "$scram-sha-256$")
	if !pbkdf && !scram {
		if s == "" {
			return secret{}, errors.New("empty password")
		}
		sum := sha256.Sum256([]byte(s))
		return secret{hash: sum[:]}, nil
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
	hash, err := decode(fields[2])
	if err != nil || len(hash) != sha256.Size {
		return secret{}, errors.New("hash: not 32 octets in base64")
	}
	return secret{hash: hash, salt: salt, iterations: int(n), scram: scram}, nil
}

func decode(s string) ([]byte, error) {
	s = strings.TrimRight(strings.ReplaceAll(s, ".", "+"), "=")
	return base64.RawStdEncoding.DecodeString(s)
}

// Check tells whether name is a user with that password. It takes as long for
// a name that is not there as for the costliest one that is.
func (u *Users) Check(name, password string) bool {
	known, ok := u.byName[name]
	if !ok {
		u.decoy.matches(password)
		return false
	}
	return known.secret.matches(password)
}

func (s *secret) matches(password string) bool {
	var got []byte
	if s.iterations == 0 {
		sum := sha256.Sum256([]byte(password))
		got = sum[:]
	} else {
		key, err := pbkdf2.Key(sha256.New, password, s.salt, s.iterations, sha256.Size)
		if err != nil {
			return false
		}
		got = key
	}
	if s.scram { // StoredKey = H(HMAC(SaltedPassword, "Client Key")), RFC 5802 §3
		mac := hmac.New(sha256.New, got)
		io.WriteString(mac, "Client Key")
		sum := sha256.Sum256(mac.Sum(nil))
		got = sum[:]
	}
	return subtle.ConstantTimeCompare(got, s.hash) == 1
}

// Home returns what the file has behind the password of name.
func (u *Users) Home(name string) string { return u.byName[name].home }
