package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path"
	"strings"
	"sync"

	"applayer/examples/internal/users"
	"applayer/ftp"
)

// accounts is the [ftp.Authenticator] of a users file and of anonymous.
type accounts struct {
	root      *ftp.DirFS
	users     *users.Users // nil for none
	anonymous bool
	writable  bool
	log       *slog.Logger

	mu    sync.Mutex
	homes map[string]*ftp.DirFS // opened at the first login, guarded by mu
}

// Authenticate tells what a user gets.
func (a *accounts) Authenticate(_ context.Context, login ftp.Login) (*ftp.Account, error) {
	if a.anonymous && isAnonymous(login.User) {
		return &ftp.Account{FS: a.root, Rights: a.rights(a.users == nil)}, nil
	}
	if a.users == nil || !a.users.Check(login.User, login.Password) {
		return nil, ftp.ErrRefused
	}
	home, err := a.home(a.users.Home(login.User))
	if err != nil {
		a.log.Warn("home", "user", login.User, "err", err)
		return nil, fmt.Errorf("%w: %w", ftp.ErrRefused, err)
	}
	return &ftp.Account{FS: home, Rights: a.rights(true)}, nil
}

// isAnonymous tells whether a name is one of those that custom has for everybody.
func isAnonymous(user string) bool {
	return strings.EqualFold(user, "anonymous") || strings.EqualFold(user, "ftp")
}

func (a *accounts) rights(trusted bool) ftp.Rights {
	if a.writable && trusted {
		return ftp.RightsAll
	}
	return ftp.RightsRead
}

// home opens a folder of the root, for all sessions that are there. Without a
// name it is the root itself.
func (a *accounts) home(name string) (*ftp.DirFS, error) {
	name = strings.TrimPrefix(path.Clean("/"+name), "/")
	if name == "" {
		return a.root, nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if home := a.homes[name]; home != nil {
		return home, nil
	}
	home, err := a.root.Sub(name)
	if err != nil {
		return nil, err
	}
	if a.homes == nil {
		a.homes = map[string]*ftp.DirFS{}
	}
	a.homes[name] = home
	return home, nil
}

// Close closes the folders.
func (a *accounts) Close() error {
	err := a.root.Close()
	for _, home := range a.homes {
		err = errors.Join(err, home.Close())
	}
	return err
}
