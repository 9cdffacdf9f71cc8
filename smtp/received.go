package smtp

import (
	"bytes"
	"crypto/tls"
	"net"
	"net/netip"
	"strings"
	"time"

	"applayer/internal/ascii"
)

// Received is what a trace field tells of one hop of a message
// (RFC 5321 §4.4). [Conn.Received] fills it.
type Received struct {
	// From is how the client named itself, Peer from where it came.
	From string
	Peer net.Addr
	// By is the host that took the message.
	By string
	// Protocol is how, as in "ESMTPS" (RFC 3848, RFC 6531 §4.3).
	Protocol string
	// TLS is the TLS that it came through, nil for none.
	TLS *tls.ConnectionState
	// ID is what the host calls the message. It may be empty.
	ID string
	// For is the recipient. It is to be the null path where there are several,
	// who need not know of each other (§7.2).
	For Path
	// Time is when.
	Time time.Time
}

// Received is what the trace field of a message under way tells, now: a
// [Session] writes it in front of the message. Its For is for the caller to
// set.
func (c *Conn) Received(id string) Received {
	r := Received{
		From: c.Hello(), Peer: c.RemoteAddr(), By: c.host,
		Protocol: c.Protocol(), ID: id, Time: time.Now(),
	}
	if state, ok := c.TLS(); ok {
		r.TLS = &state
	}
	return r
}

// AppendReceived appends the field to dst, with its line end. What the client
// said stands in it without the octets that do not belong there, and without any
// beyond ASCII unless Protocol says that the message has SMTPUTF8 (RFC 6531 §4.3).
func AppendReceived(dst []byte, r Received) []byte {
	f := folder{b: dst}
	f.word("Received: from ")
	if !strings.HasPrefix(r.Protocol, "UTF8") { // a header of ASCII alone
		r.From, r.ID = printable(r.From), printable(r.ID)
	}
	f.word(nonEmpty(atoms(r.From), "unknown"))
	if lit := literal(r.Peer); lit != "" {
		f.word(" (" + lit + ")")
	}
	f.fold("by " + nonEmpty(atoms(r.By), "localhost"))
	f.word(" with " + nonEmpty(atoms(r.Protocol), "SMTP"))
	if r.TLS != nil {
		f.fold("(" + tls.VersionName(r.TLS.Version) + " " + tls.CipherSuiteName(r.TLS.CipherSuite) + ")")
	}
	if id := atoms(r.ID); id != "" {
		f.fold("id " + id)
	}
	if !r.For.IsNull() {
		if b, err := AppendPath(nil, r.For); err == nil && (r.For.IsASCII() || strings.HasPrefix(r.Protocol, "UTF8")) {
			f.fold("for " + string(b))
		}
	}
	f.word("; ")
	f.fold(r.Time.Format("Mon, 2 Jan 2006 15:04:05 -0700"))
	return append(f.b, '\r', '\n')
}

// AppendReturnPath appends the field that the last host puts before a message
// that leaves the world of SMTP (RFC 5321 §4.4).
func AppendReturnPath(dst []byte, from Path) ([]byte, error) {
	b, err := AppendPath(append(dst, "Return-Path: "...), from)
	if err != nil {
		return dst, err
	}
	return append(b, '\r', '\n'), nil
}

// folder makes a header field.
type folder struct {
	b []byte
}

func (f *folder) word(s string) { f.b = append(f.b, s...) }

// fold begins a new line.
func (f *folder) fold(s string) {
	f.b = bytes.TrimRight(f.b, " ")
	f.b = append(append(f.b, "\r\n\t"...), s...)
}

// atoms is s without what could end or nest a part of the field.
func atoms(s string) string {
	for i := range len(s) {
		if !traceOctets.Has(s[i]) {
			b := []byte(s)
			for j := range b {
				if !traceOctets.Has(b[j]) {
					b[j] = '?'
				}
			}
			return string(b)
		}
	}
	return s
}

// traceOctets are what names and numbers are made of, with UTF-8 beyond ASCII
// (RFC 6531 §3.7.3).
var traceOctets = ascii.VChar.Or(ascii.Range(0x80, 0xff)).Without(ascii.Chars(`()<>;"\`))

// literal is an address literal (RFC 5321 §4.1.3), "" where there is no IP
// address.
func literal(a net.Addr) string {
	if a == nil {
		return ""
	}
	ap, err := netip.ParseAddrPort(a.String())
	if err != nil {
		return ""
	}
	addr := ap.Addr().Unmap().WithZone("")
	if addr.Is6() {
		return "[IPv6:" + addr.String() + "]"
	}
	return "[" + addr.String() + "]"
}

func nonEmpty(s, other string) string {
	if s == "" {
		return other
	}
	return s
}
