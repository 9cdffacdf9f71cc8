package http1

import (
	"io"
	"net"
	"strconv"
	"sync"
	"time"
)

// AccessLog writes a line for each request that was answered, in the Common
// Log Format of NCSA httpd or, if Combined, with Referer and User-Agent behind
// it:
//
//	192.0.2.1 - - [06/Nov/1994:08:49:37 +0000] "GET /a HTTP/1.1" 200 512 "-" "curl/8.5.0"
//
// Each line is one Write, with its LF. What a client sent is escaped: a quote
// and a backslash with a backslash, and what is no printing ASCII as \xHH, so
// that nobody writes a line of somebody else's. Errors of Writer are ignored.
// Servers may share it.
type AccessLog struct {
	// Writer gets the lines, one at a time.
	Writer io.Writer
	// Combined adds Referer and User-Agent.
	Combined bool

	mu     sync.Mutex
	line   []byte
	second int64
	stamp  []byte // the time of that second
}

// maxLogged is how many octets of a client's string are logged.
const maxLogged = 2000

// add writes the line of a request. R is nil where its head was not understood.
func (l *AccessLog) add(peer net.Addr, at time.Time, r *Request, status int, octets int64) {
	if l == nil || l.Writer == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	b := appendPeer(l.line[:0], peer)
	b = append(b, " - - ["...)
	b = append(b, l.time(at)...)
	b = append(b, "] \""...)
	b = appendLoggedRequest(b, r)
	b = append(b, "\" "...)
	b = strconv.AppendInt(b, int64(status), 10)
	b = append(b, ' ')
	if octets > 0 {
		b = strconv.AppendInt(b, octets, 10)
	} else {
		b = append(b, '-')
	}
	if l.Combined {
		b = appendLoggedField(b, r, "Referer")
		b = appendLoggedField(b, r, "User-Agent")
	}
	l.line = append(b, '\n')
	l.Writer.Write(l.line)
}

// time returns at as httpd writes it, made once a second.
func (l *AccessLog) time(at time.Time) []byte {
	if second := at.Unix(); l.second != second || len(l.stamp) == 0 {
		l.second = second
		l.stamp = at.UTC().AppendFormat(l.stamp[:0], "02/Jan/2006:15:04:05 -0700")
	}
	return l.stamp
}

// appendPeer appends the client's address, without its port.
func appendPeer(dst []byte, peer net.Addr) []byte {
	switch a := peer.(type) {
	case nil:
		return append(dst, '-')
	case *net.TCPAddr:
		return a.AddrPort().Addr().Unmap().AppendTo(dst)
	default:
		if s := a.String(); s != "" && s != "@" {
			return appendEscaped(dst, s)
		}
		return append(dst, a.Network()...)
	}
}

// appendLoggedRequest appends the request line.
func appendLoggedRequest(dst []byte, r *Request) []byte {
	if r == nil || r.Method == "" {
		return append(dst, '-')
	}
	dst = appendEscaped(dst, r.Method)
	dst = append(dst, ' ')
	from := len(dst)
	dst = r.Target.append(dst)
	if len(dst)-from > maxLogged {
		dst = append(dst[:from+maxLogged], "..."...)
	}
	// The octets of a URI print, and a quote is none of them.
	dst = append(dst, " HTTP/"...)
	return append(dst, byte('0'+r.Version.Major()), '.', byte('0'+r.Version.Minor()))
}

// appendLoggedField appends a field's value in quotes, "-" without one.
func appendLoggedField(dst []byte, r *Request, name string) []byte {
	dst = append(dst, " \""...)
	value := ""
	if r != nil {
		value = r.Header.Get(name)
	}
	if value == "" {
		value = "-"
	}
	return append(appendEscaped(dst, value), '"')
}

// appendEscaped appends s such that it can end neither a quoted string nor a
// line.
func appendEscaped(dst []byte, s string) []byte {
	const hex = "0123456789abcdef"
	cut := len(s) > maxLogged
	for i := range min(len(s), maxLogged) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c < ' ' || c > '~':
			dst = append(dst, '\\', 'x', hex[c>>4], hex[c&15])
		default:
			dst = append(dst, c)
		}
	}
	if cut {
		dst = append(dst, "..."...)
	}
	return dst
}
