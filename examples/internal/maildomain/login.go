package maildomain

import (
	"context"
	"crypto"

	"applayer/pop3"
	"applayer/smtp"
)

// check is a login by name and password. The identity to act as may be the
// user's own, and no other.
func (d *Domain) check(_ context.Context, identity, user, password string) (who string, err error) {
	name, ok := d.accounts.check(user, password)
	if !ok || identity != "" && d.accounts.login(identity) != name {
		return "", smtp.ErrAuthRefused
	}
	return name, nil
}

// mechanisms are the ways to log in by SMTP, the best first: SCRAM, by which the
// password is not told, and the two that every client has. SCRAM with SHA-1 needs
// passwords that the users file has as they are.
func (d *Domain) mechanisms(c *smtp.Conn) []smtp.SASLServer {
	all := smtp.ServeSCRAM(c, crypto.SHA256, scram[smtp.SCRAMVerifier](d, crypto.SHA256))
	if d.accounts.users().Plain() {
		all = append(all, smtp.ServeSCRAM(c, crypto.SHA1, scram[smtp.SCRAMVerifier](d, crypto.SHA1))...)
	}
	return append(all, smtp.ServePlain(d.check), smtp.ServeLogin(d.check))
}

// pop3Mechanisms are those of POP3.
func (d *Domain) pop3Mechanisms(c *pop3.Conn) []pop3.SASLServer {
	all := pop3.ServeSCRAM(c, crypto.SHA256, scram[pop3.SCRAMVerifier](d, crypto.SHA256))
	if d.accounts.users().Plain() {
		all = append(all, pop3.ServeSCRAM(c, crypto.SHA1, scram[pop3.SCRAMVerifier](d, crypto.SHA1))...)
	}
	return append(all, pop3.ServePlain(d.check), pop3.ServeLogin(d.check))
}

// scram looks up what SCRAM needs to know of a user.
func scram[V smtp.SCRAMVerifier | pop3.SCRAMVerifier](d *Domain, hash crypto.Hash) func(ctx context.Context, identity, user string) (V, error) {
	return func(_ context.Context, identity, user string) (V, error) {
		name := d.accounts.login(user)
		v, err := d.accounts.users().SCRAM(hash, name)
		if err == nil && identity != "" && d.accounts.login(identity) != name {
			err = smtp.ErrAuthRefused
		}
		v.Identity = name
		return V(v), err
	}
}
