package ftp

import "context"

// Login logs in, for a session that was opened with NoLogin, or as another
// user.
func (c *Client) Login(ctx context.Context, user, password string) error {
	return c.with(ctx, func() error { return c.login(ctx, user, password) })
}

func (c *Client) login(ctx context.Context, user, password string) error {
	if c.opts.Host != "" && !c.hosted {
		if _, err := c.command(ctx, VerbHOST, c.opts.Host); err != nil {
			return err
		}
		c.hosted = true // it is refused behind a login (RFC 7151 §3.3)
	}
	if err := c.identify(ctx, user, password); err != nil {
		return err
	}
	if c.conn.TLS() != nil {
		if err := c.protect(ctx); err != nil {
			return err
		}
	}
	c.features, c.typ = nil, 0
	return c.learn(ctx)
}

// identify goes through USER, PASS and ACCT as far as the server asks
// (RFC 959 §6, the login diagram).
func (c *Client) identify(ctx context.Context, user, password string) error {
	r, err := c.command(ctx, VerbUSER, user)
	if err == nil && r.Code == 331 {
		r, err = c.secret(ctx, VerbPASS, password)
	}
	if err == nil && r.Code == 332 {
		r, err = c.secret(ctx, VerbACCT, c.opts.Account)
	}
	switch {
	case err != nil:
		return err
	case r.Code >= 300:
		return &CommandError{Verb: "login", Err: unexpected(r, "login", "RFC 959 §6")}
	}
	return nil
}

// secret is command for an argument that may be empty, and is sent as such.
func (c *Client) secret(ctx context.Context, verb Verb, arg string) (Reply, error) {
	cmd := Command{Verb: verb, Arg: []byte(arg)}
	err := c.write(ctx, func() error { return c.conn.WriteCommand(cmd) })
	var r Reply
	if err == nil {
		r, err = c.reply(ctx)
	}
	if err == nil {
		err = verdict(verb, r)
	}
	if err != nil {
		return r, commandError(verb, "", err)
	}
	return r, nil
}

// learn asks what the server can do, and turns UTF-8 on where it is offered and
// wanted: names are in it (RFC 2640 §2.2), but some servers wait for the command
// of an older draft.
func (c *Client) learn(ctx context.Context) error {
	r, err := c.ask(ctx, VerbFEAT, "")
	if err != nil {
		return err
	}
	c.features = parseFeatures(r)
	if _, plain := c.opts.Charset.(utf8Charset); plain && c.features.Has("UTF8") {
		// Servers that have it on for good refuse the command or take it.
		if _, err := c.ask(ctx, VerbOPTS, "UTF8 ON"); err != nil {
			return err
		}
	}
	return nil
}

// ask is command for one that the server may refuse, but not by its end.
func (c *Client) ask(ctx context.Context, verb Verb, arg string) (Reply, error) {
	r, err := c.exchange(ctx, verb, arg)
	if err == nil && r.Code == 421 {
		err = r.Err()
	}
	if err != nil {
		return r, commandError(verb, arg, err)
	}
	return r, nil
}
