package maildomain

import (
	"context"

	"applayer/pop3"
)

// POP3 returns the server from which users fetch their mail.
func (d *Domain) POP3() *pop3.Server {
	return &pop3.Server{
		Hostname: d.opts.Hostname, TLSConfig: d.opts.TLSConfig,
		Auth: d.pop3Mechanisms, Backend: maildrops{d},
		Logger: d.opts.Logger, Trace: d.opts.POP3Trace,
	}
}

// maildrops are the users' mailboxes as POP3 sees them.
type maildrops struct{ *Domain }

// Login implements [pop3.Backend].
func (m maildrops) Login(ctx context.Context, user, password string) (string, error) {
	return m.check(ctx, "", user, password)
}

// Open implements [pop3.Backend].
func (m maildrops) Open(ctx context.Context, identity string) (pop3.Maildrop, error) {
	return m.store.Maildrop(ctx, identity)
}
