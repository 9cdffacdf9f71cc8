package ftp

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
)

// Authenticator decides who may come in, and to what. It is called from many
// sessions at once.
type Authenticator interface {
	// Authenticate returns what the user gets, or an error. Whatever the error,
	// the client is told 530 with one text, after one delay, so that it learns
	// nothing about which users there are; [ErrAccountNeeded] asks for ACCT.
	// ctx ends with the session.
	Authenticate(ctx context.Context, login Login) (*Account, error)
}

// AuthenticatorFunc is a function as an [Authenticator].
type AuthenticatorFunc func(ctx context.Context, login Login) (*Account, error)

// Authenticate calls f.
func (f AuthenticatorFunc) Authenticate(ctx context.Context, login Login) (*Account, error) {
	return f(ctx, login)
}

// Login is what a client has said of itself.
type Login struct {
	User, Password string
	// Account is what ACCT said, "" before.
	Account string
	// Host is what HOST said, "" without (RFC 7151 §3).
	Host string
	// TLS is the state of a protected control connection, nil in the clear.
	TLS *tls.ConnectionState
	// Peer is the client's address.
	Peer net.Addr
}

// Account is what a user gets.
type Account struct {
	// FS is the user's files.
	FS FS
	// Home is the directory in which the session begins, absolute (default "/").
	Home string
	// Rights is what the user may do (default all that FS can).
	Rights Rights
	// ReadRate and WriteRate bound downloads and uploads in octets a second
	// (default none).
	ReadRate, WriteRate int64
	// Release is called once when the session needs FS no more: the user has
	// logged out, or is gone. Nil is for files that others share.
	Release func()
}

// Rights is a set of what a user may do. The zero value is all.
type Rights uint8

// The rights.
const (
	RightList   Rights = 1 << iota // LIST, NLST, MLSD, STAT of a path
	RightRead                      // RETR
	RightWrite                     // STOR, APPE, STOU, MFMT, SITE CHMOD
	RightDelete                    // DELE, RMD
	RightRename                    // RNFR, RNTO
	RightMkdir                     // MKD

	// RightsRead is what looks and takes.
	RightsRead = RightList | RightRead
	// RightsAll is everything.
	RightsAll = RightsRead | RightWrite | RightDelete | RightRename | RightMkdir
)

// Has tells whether all of want are in r.
func (r Rights) Has(want Rights) bool { return r == 0 || r&want == want }

// Errors of [Authenticator].
var (
	// ErrRefused is for a wrong user or password.
	ErrRefused = errors.New("ftp: login refused")
	// ErrAccountNeeded asks for the account information of ACCT (332,
	// RFC 959 §4.1.1).
	ErrAccountNeeded = errors.New("ftp: account information needed")
)
