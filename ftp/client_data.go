package ftp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
)

// dataWay is how a data connection is going to be: one that we have dialled, or
// a listener that the server was told of.
type dataWay struct {
	nc net.Conn
	l  net.Listener
}

func (w *dataWay) close() {
	if w.nc != nil {
		w.nc.Close()
	}
	if w.l != nil {
		w.l.Close()
	}
}

// prepareData makes ready for a data connection, before the command that uses
// it.
func (c *Client) prepareData(ctx context.Context) (*dataWay, error) {
	if c.opts.Active {
		l, err := c.active(ctx)
		return &dataWay{l: l}, err
	}
	nc, err := c.passive(ctx)
	return &dataWay{nc: nc}, err
}

// passive asks where to connect to, and does. A server that does not know EPSV,
// or is behind something that does not, is asked by PASV from then on.
func (c *Client) passive(ctx context.Context) (net.Conn, error) {
	if c.avoid.epsv {
		return c.enterPassive(ctx, VerbPASV)
	}
	nc, err := c.enterPassive(ctx, VerbEPSV)
	if err == nil || ctx.Err() != nil || !c.calls.Alive() || isTemporary(err) {
		return nc, err
	}
	nc, second := c.enterPassive(ctx, VerbPASV)
	if second != nil {
		return nil, errors.Join(err, second)
	}
	c.avoid.epsv = true
	return nc, nil
}

// isTemporary tells of a reply 4yz.
func isTemporary(err error) bool {
	refusal, ok := errors.AsType[*ReplyError](err)
	return ok && refusal.Temporary()
}

func (c *Client) enterPassive(ctx context.Context, verb Verb) (net.Conn, error) {
	r, err := c.command(ctx, verb, "")
	if err != nil {
		return nil, err
	}
	addr, err := c.passiveAddr(verb, r)
	if err != nil {
		return nil, commandError(verb, "", err)
	}
	ctx, cancel := within(ctx, c.opts.ConnectTimeout)
	defer cancel()
	nc, err := c.opts.DialData(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("ftp: data connection: %w", err)
	}
	return nc, nil
}

// passiveAddr takes the address out of a reply. The host is the control
// connection's: that in a 227 is chosen by the server, or by whoever plays it,
// and may be any within reach of the client (CVE-2021-4189).
func (c *Client) passiveAddr(verb Verb, r Reply) (string, error) {
	host := hostOf(c.nc.RemoteAddr())
	if verb == VerbEPSV {
		if err := wantReply(r, 229, "EPSV", "RFC 2428 §3"); err != nil {
			return "", err
		}
		port, err := Parse229(r.Text())
		return net.JoinHostPort(host, strconv.Itoa(int(port))), err
	}
	if err := wantReply(r, 227, "PASV", "RFC 959 §4.2"); err != nil {
		return "", err
	}
	ap, err := Parse227(r.Text())
	if c.opts.TrustPassiveHost {
		host = ap.Addr().String()
	}
	return net.JoinHostPort(host, strconv.Itoa(int(ap.Port()))), err
}

// active listens beside the control connection, and tells the server where.
func (c *Client) active(ctx context.Context) (net.Listener, error) {
	l, err := c.opts.ListenData(ctx, "tcp", net.JoinHostPort(hostOf(c.nc.LocalAddr()), "0"))
	if err != nil {
		return nil, fmt.Errorf("ftp: data listener: %w", err)
	}
	ap, ok := addrPortOf(l.Addr())
	if !ok {
		err = fmt.Errorf("ftp: data listener: no port in %v", l.Addr())
	} else {
		err = c.tellPort(ctx, ap)
	}
	if err != nil {
		l.Close()
		return nil, err
	}
	return l, nil
}

// tellPort says EPRT, and PORT from then on to a server that does not know it.
func (c *Client) tellPort(ctx context.Context, ap netip.AddrPort) error {
	if !c.avoid.eprt {
		arg, err := AppendEPRT(nil, ap)
		if err != nil {
			return err
		}
		_, err = c.command(ctx, VerbEPRT, string(arg))
		if err == nil || ctx.Err() != nil || !c.calls.Alive() || isTemporary(err) || !ap.Addr().Is4() {
			return err
		}
	}
	arg, err := AppendPORT(nil, ap)
	if err != nil {
		return err
	}
	if _, err := c.command(ctx, VerbPORT, string(arg)); err != nil {
		return err
	}
	c.avoid.eprt = true
	return nil
}

// accept waits for the server to connect. Connections of other hosts are closed
// and the wait goes on (RFC 2577 §8). ctx ends when a reply says that none will
// come.
func (c *Client) accept(ctx context.Context, l net.Listener) (net.Conn, error) {
	ctx, cancel := within(ctx, c.opts.ConnectTimeout)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { l.Close() })
	defer func() {
		if stop() {
			l.Close()
		}
	}()
	for {
		nc, err := l.Accept()
		switch {
		case err != nil && ctx.Err() != nil:
			return nil, context.Cause(ctx)
		case err != nil:
			return nil, fmt.Errorf("ftp: data listener: %w", err)
		case hostOf(nc.RemoteAddr()) == hostOf(c.nc.RemoteAddr()):
			return nc, nil
		}
		nc.Close()
	}
}

// hostOf is the host of any address, without its port: of an IP address in its
// shortest form, IPv4 as such.
func hostOf(a net.Addr) string {
	if ap, ok := addrPortOf(a); ok {
		return ap.Addr().String()
	}
	if a == nil {
		return ""
	}
	host, _, err := net.SplitHostPort(a.String())
	if err != nil {
		return a.String()
	}
	return host
}

// addrPortOf is an address as IP address and port, if it is one.
func addrPortOf(a net.Addr) (netip.AddrPort, bool) {
	if t, ok := a.(*net.TCPAddr); ok && t != nil {
		ap := t.AddrPort()
		return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port()), true
	}
	if a == nil {
		return netip.AddrPort{}, false
	}
	ap, err := netip.ParseAddrPort(a.String())
	return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port()), err == nil
}
