package sockets

import (
	"context"
	"crypto/tls"
	"net"
	"strings"
)

// DialTLS is [Dialer.Dial] and a TLS handshake on the connection that won, both
// within the deadline of ctx. The config is cloned; a ServerName that it lacks
// is filled with the host of addr, not with where Map sent it, because the
// certificate speaks for the public name. A nil config is the zero one. A
// handshake that fails closes the connection; its error is a [*DialError] too,
// and no further address is tried: the peer was there.
func (d *Dialer) DialTLS(ctx context.Context, network, addr string, config *tls.Config) (*tls.Conn, error) {
	conn, err := d.dial(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	client := tls.Client(conn, clientConfig(config, addr))
	err = client.HandshakeContext(ctx)
	d.Trace.handshake(client.ConnectionState(), err)
	if err != nil {
		conn.Close()
		return nil, &DialError{Network: network, Addr: addr, Causes: []error{&AttemptError{conn.RemoteAddr().String(), err}}}
	}
	return client, nil
}

// clientConfig clones a client's config and fills its ServerName.
func clientConfig(config *tls.Config, addr string) *tls.Config {
	if config == nil {
		config = &tls.Config{}
	}
	config = config.Clone()
	if config.ServerName == "" {
		host, _, err := net.SplitHostPort(addr)
		if err != nil {
			host = addr
		}
		// RFC 6066 §3 wants the name without a dot at its end.
		config.ServerName = strings.TrimSuffix(host, ".")
	}
	return config
}
