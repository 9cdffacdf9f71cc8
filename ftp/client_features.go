package ftp

import (
	"context"
	"maps"
	"strings"
)

// Features is what a server says that it can beyond RFC 959 (RFC 2389 §3): the
// name in upper case, such as "MLST" or "REST", and what stands behind it, such
// as "type*;size*;modify*;" or "STREAM".
type Features map[string]string

// Has tells whether the server has a feature.
func (f Features) Has(name string) bool {
	_, ok := f[name]
	return ok
}

// parseFeatures reads the lines between the first and the last; any other reply
// than 211 means that there are none.
func parseFeatures(r Reply) Features {
	f := Features{}
	if r.Code != 211 || len(r.Lines) < 3 {
		return f
	}
	for _, line := range r.Lines[1 : len(r.Lines)-1] {
		name, params, _ := strings.Cut(strings.TrimSpace(line), " ")
		if name == "" {
			continue
		}
		name = strings.ToUpper(name)
		if had := f[name]; had != "" { // AUTH TLS and AUTH SSL, a line each
			params = had + ";" + params
		}
		f[name] = params
	}
	return f
}

// Features returns what the server said after the login that it can.
func (c *Client) Features(ctx context.Context) (f Features, err error) {
	err = c.with(ctx, func() error {
		if c.features == nil {
			if err := c.learn(ctx); err != nil {
				return err
			}
		}
		f = maps.Clone(c.features)
		return nil
	})
	return f, err
}

// canRestart tells whether transfers may begin at an offset (RFC 3659 §5).
// Servers without FEAT may know it all the same.
func (c *Client) canRestart() bool {
	return len(c.features) == 0 || c.features.Has("REST")
}
