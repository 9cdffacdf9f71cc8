package main

import (
	"bytes"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/examples/internal/users"
	"applayer/ftp"
)

func TestAccounts(t *testing.T) {
	root, err := ftp.Dir(folder(t), nil)
	require.NoError(t, err)
	known, err := users.ReadFile(usersFile(t))
	require.NoError(t, err)
	var log bytes.Buffer
	both := &accounts{root: root, users: known, anonymous: true, writable: true, log: slog.New(slog.NewTextHandler(&log, nil))}
	defer func() { assert.NoError(t, both.Close()) }()
	open := &accounts{root: root, anonymous: true, writable: true}
	closed := &accounts{root: root, users: known, log: both.log}
	for _, tt := range []struct {
		name           string
		who            *accounts
		user, password string
		rights         ftp.Rights // 0 for none
		sees           string
	}{
		{"user", both, "alice", "wonder", ftp.RightsAll, "a.txt"},
		{"user with a home", both, "bob", "secret", ftp.RightsAll, "mine.txt"},
		{"wrong password", both, "bob", "wonder", 0, ""},
		{"no password", both, "bob", "", 0, ""},
		{"unknown user", both, "mallory", "secret", 0, ""},
		{"user without the home", both, "carol", "secret", 0, ""},
		{"anonymous beside users", both, "anonymous", "", ftp.RightsRead, "a.txt"},
		{"by the other name", both, "FTP", "me@", ftp.RightsRead, "a.txt"},
		{"anonymous alone", open, "anonymous", "", ftp.RightsAll, "a.txt"},
		{"user where there are none", open, "alice", "wonder", 0, ""},
		{"no anonymous", closed, "anonymous", "", 0, ""},
		{"not writable", closed, "alice", "wonder", ftp.RightsRead, "a.txt"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tt.who.Authenticate(t.Context(), ftp.Login{User: tt.user, Password: tt.password})
			if tt.rights == 0 {
				assert.ErrorIs(t, err, ftp.ErrRefused)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, tt.rights, got.Rights)
			_, err = got.FS.Stat(tt.sees)
			assert.NoError(t, err)
		})
	}
	assert.Contains(t, log.String(), "carol", "the operator learns why")
	assert.NotContains(t, log.String(), "secret")
	first, err := both.Authenticate(t.Context(), ftp.Login{User: "bob", Password: "secret"})
	require.NoError(t, err)
	again, err := both.Authenticate(t.Context(), ftp.Login{User: "bob", Password: "secret"})
	require.NoError(t, err)
	assert.Same(t, first.FS, again.FS, "sessions share a home, and one quota")
}
