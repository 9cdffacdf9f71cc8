package dialogue

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"iter"
	"strconv"
	"time"
)

// ParseLine takes one line in text form, without its line end. Besides what
// [AppendLine] writes it takes any escape of a Go string. Its errors are a
// [*SyntaxError] or [ErrTooLong].
func ParseLine(b []byte) (Line, error) {
	var l Line
	if len(b) > MaxLine {
		return l, ErrTooLong
	}
	if len(b) == 0 || b[0] != 'C' && b[0] != 'S' {
		return l, &SyntaxError{What: "C or S"}
	}
	l.Server = b[0] == 'S'
	n := 1
	var err error
	if n < len(b) && b[n] == '[' {
		if l.Conn, n, err = parseConn(b, n+1); err != nil {
			return Line{}, err
		}
	}
	if n < len(b) && b[n] == '@' {
		if l.Time, n, err = parseTime(b, n+1); err != nil {
			return Line{}, err
		}
	}
	if n == len(b) || b[n] != ':' {
		return Line{}, &SyntaxError{Offset: n, What: "colon"}
	}
	n++
	if n == len(b) {
		return l, nil
	}
	if b[n] != ' ' {
		return Line{}, &SyntaxError{Offset: n, What: "space after the colon"}
	}
	if l.Text, l.Open, err = parseText(b, n+1); err != nil {
		return Line{}, err
	}
	return l, nil
}

// parseConn takes a connection's name from b[n:], up to and with the bracket.
func parseConn(b []byte, n int) (name string, next int, err error) {
	end := bytes.IndexByte(b[n:], ']')
	if end < 0 {
		return "", 0, &SyntaxError{Offset: len(b), What: "closing bracket"}
	}
	name, open, err := parseText(b[:n+end], n)
	switch {
	case err != nil:
		return "", 0, err
	case open:
		return "", 0, &SyntaxError{Offset: n + end - 1, What: "escape"}
	case name == "":
		return "", 0, &SyntaxError{Offset: n, What: "name of a connection"}
	}
	return name, n + end + 1, nil
}

// parseTime takes a duration from b[n:], up to the colon.
func parseTime(b []byte, n int) (d time.Duration, next int, err error) {
	end := bytes.IndexByte(b[n:], ':')
	if end < 0 {
		return 0, 0, &SyntaxError{Offset: len(b), What: "colon"}
	}
	d, err = time.ParseDuration(string(b[n : n+end]))
	if err != nil {
		return 0, 0, &SyntaxError{Offset: n, What: "time"}
	}
	return d, n + end, nil
}

// parseText undoes the escapes of b[n:]. A single backslash at the end is no
// escape but tells that no CRLF follows.
func parseText(b []byte, n int) (text string, open bool, err error) {
	out := make([]byte, 0, len(b)-n)
	for n < len(b) {
		plain := bytes.IndexByte(b[n:], '\\')
		if plain < 0 {
			plain = len(b) - n
		}
		for i, c := range b[n : n+plain] {
			if c < ' ' && c != '\t' || c == 0x7f {
				return "", false, &SyntaxError{Offset: n + i, What: "control character without escape"}
			}
		}
		out = append(out, b[n:n+plain]...)
		n += plain
		if n == len(b) {
			break
		}
		if n == len(b)-1 {
			return string(out), true, nil
		}
		// The longest escape is \U and eight digits.
		r, multibyte, rest, err := strconv.UnquoteChar(string(b[n:min(len(b), n+10)]), 0)
		if err != nil {
			return "", false, &SyntaxError{Offset: n, What: "escape"}
		}
		if multibyte {
			out = append(out, string(r)...)
		} else {
			out = append(out, byte(r))
		}
		n = min(len(b), n+10) - len(rest)
	}
	return string(out), false, nil
}

// Read yields the lines of r, in order, and stops after the first error.
// Empty lines and those that start with # are left out.
func Read(r io.Reader) iter.Seq2[Line, error] {
	return func(yield func(Line, error) bool) {
		sc := bufio.NewScanner(r)
		sc.Buffer(nil, MaxLine+2) // for the line end
		for number := 1; sc.Scan(); number++ {
			b := sc.Bytes()
			if len(b) == 0 || b[0] == '#' {
				continue
			}
			l, err := ParseLine(b)
			if e, ok := errors.AsType[*SyntaxError](err); ok {
				e.Line = number
			}
			if !yield(l, err) || err != nil {
				return
			}
		}
		switch err := sc.Err(); {
		case errors.Is(err, bufio.ErrTooLong):
			yield(Line{}, ErrTooLong)
		case err != nil:
			yield(Line{}, err)
		}
	}
}
