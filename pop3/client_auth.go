package pop3

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
)

// Auth logs in by a mechanism of SASL (RFC 5034 §4). One that tells what opens
// doors needs TLS, this host, or AllowInsecureAuth.
func (c *Client) Auth(ctx context.Context, mechanism SASLClient) error {
	return c.with(ctx, func() error { return c.auth(ctx, mechanism) })
}

func (c *Client) auth(ctx context.Context, m SASLClient) error {
	name, initial, err := m.Start()
	if err != nil {
		return err
	}
	if slices.Contains(clearMechanisms, name) && !c.mayTellPassword() {
		return fmt.Errorf("%w for %s to %v", ErrTLSRequired, name, c.RemoteAddr())
	}
	caps, err := c.capabilities(ctx)
	if err != nil {
		return err
	}
	arg := name
	if with := name + " " + encodeInitial(initial); initial != nil && caps.Has("SASL") && len("AUTH  ")+len(with)+1 <= c.lim.MaxLine {
		arg, initial = with, nil
	}
	if err := c.send(ctx, VerbAUTH, arg); err != nil {
		return err
	}
	return c.loggedIn(c.exchange(ctx, m, initial))
}

// encodeInitial encodes an initial response; the empty one is "=".
func encodeInitial(b []byte) string {
	if len(b) == 0 {
		return "="
	}
	return base64.StdEncoding.EncodeToString(b)
}

// exchange answers the challenges of a mechanism. An initial response that could
// not go with the command is the answer to the first, empty one.
func (c *Client) exchange(ctx context.Context, m SASLClient, initial []byte) error {
	for {
		r, err := c.anyResponse(ctx, "AUTH")
		if err != nil {
			return err
		}
		if r.Status == StatusOK {
			if _, err := m.Next(nil, false); err != nil {
				c.calls.End(err) // who is logged in to whom nobody knows
				return err
			}
			return nil
		}
		var response []byte
		challenge, err := decodeBase64([]byte(r.Text))
		switch {
		case err != nil:
		case initial != nil && len(challenge) == 0:
			response, initial = initial, nil
		default:
			response, err = m.Next(challenge, true)
		}
		if err != nil {
			return c.cancel(ctx, err)
		}
		if err := c.sent("AUTH", c.conn.WriteAuthLine(base64.StdEncoding.AppendEncode(nil, response))); err != nil {
			return err
		}
	}
}

// cancel ends an exchange for a reason of ours (RFC 5034 §4).
func (c *Client) cancel(ctx context.Context, why error) error {
	err := c.sent("AUTH", c.conn.WriteAuthLine([]byte("*")))
	if err == nil {
		_, err = c.response(ctx, "AUTH")
	}
	if _, refused := errors.AsType[*ReplyError](err); refused {
		return why
	}
	if err == nil {
		c.calls.End(why) // it was to refuse
	}
	return errors.Join(why, err)
}
