package ftp

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"time"
)

// dataConn is a data connection whose reads and writes each have DataTimeout,
// and end with the transfer's context.
type dataConn struct {
	ctx   context.Context
	raw   net.Conn
	rw    net.Conn // raw, or TLS over it
	end   *endConn // below TLS
	stall time.Duration
	stop  func() bool
	fresh chan struct{} // closed when what TLS says to a sender is read to its end
}

func newDataConn(ctx context.Context, nc net.Conn, stall time.Duration) *dataConn {
	d := &dataConn{ctx: ctx, raw: nc, rw: nc, stall: stall}
	d.stop = context.AfterFunc(ctx, func() { nc.SetDeadline(past) })
	return d
}

// startTLS shakes hands as the control connection did, and resumes its session.
// Who answers must be the server by the same certificate (RFC 4217 §15.1.1),
// also where certificates are not looked at: anybody may wait at the port.
func (d *dataConn) startTLS(config *tls.Config, control *tls.ConnectionState, timeout time.Duration) error {
	d.end = &endConn{Conn: d.raw}
	t := tls.Client(d.end, config)
	d.raw.SetDeadline(deadline(timeout))
	if d.ctx.Err() != nil {
		return context.Cause(d.ctx)
	}
	if err := t.Handshake(); err != nil {
		if isTimeout(err) && d.ctx.Err() != nil {
			return context.Cause(d.ctx)
		}
		return fmt.Errorf("ftp: TLS handshake of the data connection: %w", err)
	}
	if data := t.ConnectionState(); !sameCertificate(control, &data) {
		return errOtherServer
	}
	d.raw.SetDeadline(time.Time{})
	d.rw = t
	return nil
}

// errOtherServer is a data connection with another certificate than the control
// connection's.
var errOtherServer = errors.New("ftp: the data connection has another certificate (RFC 4217 §15.1.1)")

func sameCertificate(a, b *tls.ConnectionState) bool {
	return slices.EqualFunc(a.PeerCertificates[:min(1, len(a.PeerCertificates))], b.PeerCertificates[:min(1, len(b.PeerCertificates))],
		(*x509.Certificate).Equal)
}

// Read reads what the server sends. The end of the transport without that of
// TLS is io.ErrUnexpectedEOF.
func (d *dataConn) Read(b []byte) (int, error) {
	d.raw.SetReadDeadline(deadline(d.stall))
	if d.ctx.Err() != nil { // after the deadline was set, or it would be lost
		return 0, context.Cause(d.ctx)
	}
	n, err := d.rw.Read(b)
	if err == io.EOF && d.end != nil && d.end.seen {
		err = errNoCloseNotify
	}
	return n, d.explain(err)
}

// errNoCloseNotify is the end of the transport within TLS.
var errNoCloseNotify = fmt.Errorf("ftp: data connection without TLS's end (RFC 8446 §6.1): %w", io.ErrUnexpectedEOF)

// Write sends to the server.
func (d *dataConn) Write(b []byte) (int, error) {
	d.raw.SetWriteDeadline(deadline(d.stall))
	if d.ctx.Err() != nil {
		return 0, context.Cause(d.ctx)
	}
	n, err := d.rw.Write(b)
	return n, d.explain(err)
}

// explain tells why a deadline has passed.
func (d *dataConn) explain(err error) error {
	switch {
	case err == nil || !isTimeout(err):
		return err
	case d.ctx.Err() != nil:
		return context.Cause(d.ctx)
	default:
		return timedOut("DataTimeout", d.stall)
	}
}

// listen reads what TLS says to one that only sends: its tickets, for the next
// data connection, and its end.
func (d *dataConn) listen() {
	if d.end == nil {
		return
	}
	d.fresh = make(chan struct{})
	go func() {
		defer close(d.fresh)
		io.Copy(io.Discard, d.rw)
	}()
}

// finish tells that all is sent. The octets on the way are not cut off by it.
func (d *dataConn) finish() error {
	if t, ok := d.rw.(*tls.Conn); ok {
		d.raw.SetWriteDeadline(deadline(d.stall))
		if err := t.CloseWrite(); err != nil {
			return d.explain(err)
		}
	}
	if w, ok := d.raw.(interface{ CloseWrite() error }); ok {
		return w.CloseWrite()
	}
	return d.raw.Close()
}

// cut closes the connection in the middle, by a reset where the server is not
// to take the end for the end of the file. No alert of TLS is sent.
func (d *dataConn) cut(reset bool) {
	if l, ok := d.raw.(interface{ SetLinger(sec int) error }); ok && reset {
		l.SetLinger(0)
	}
	d.raw.Close()
}

// close closes the connection. A second call does nothing.
func (d *dataConn) close() {
	d.stop()
	d.raw.SetDeadline(deadline(time.Second)) // for TLS's alert
	d.rw.Close()
	if d.fresh != nil {
		<-d.fresh
	}
}
