package telnet

import (
	"bytes"
	"io"
)

// lineEnds writes text whose lines end in LF with the CR LF that the network
// has (RFC 1123 §3.3.1). A CR LF stays one.
type lineEnds struct {
	w       io.Writer
	afterCR bool
	buf     []byte
}

func (l *lineEnds) Write(p []byte) (int, error) {
	l.buf = l.buf[:0]
	for rest := p; len(rest) > 0; {
		i := bytes.IndexByte(rest, '\n')
		if i < 0 {
			l.buf = append(l.buf, rest...)
			l.afterCR = rest[len(rest)-1] == '\r'
			break
		}
		l.buf = append(l.buf, rest[:i]...)
		if i > 0 && rest[i-1] != '\r' || i == 0 && !l.afterCR {
			l.buf = append(l.buf, '\r')
		}
		l.buf = append(l.buf, '\n')
		l.afterCR = false
		rest = rest[i+1:]
	}
	if _, err := l.w.Write(l.buf); err != nil {
		return 0, err
	}
	return len(p), nil
}
