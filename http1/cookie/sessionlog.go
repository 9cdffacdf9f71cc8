package cookie

import (
	"bufio"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"hash/crc32"
	"io"
	"strconv"
	"strings"
	"time"
)

// A log of sessions is lines of text: a first line that says so, and then a
// line a change. Each ends with the CRC-32C of what stands before it, so that a
// line that was cut or spoilt is known from one that was not.
//
//	put KEY CREATED USED DATA CRC
//	use KEY USED CRC
//	del KEY CRC
//
// KEY is hexadecimal, times are nanoseconds since 1970, DATA is base64 or "-".
const sessionLogHeader = "applayer sessions 1\n"

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// errNotALine is why a line of a log is passed over.
var errNotALine = errors.New("no line of a log of sessions")

// change is one line of a log.
type change struct {
	verb   string // put, use or del
	record Record
}

// appendChange appends a line.
func appendChange(dst []byte, c *change) []byte {
	start := len(dst)
	dst = append(append(dst, c.verb...), ' ')
	dst = hex.AppendEncode(dst, c.record.Key[:])
	switch c.verb {
	case "put":
		dst = strconv.AppendInt(append(dst, ' '), c.record.Created.UnixNano(), 10)
		dst = strconv.AppendInt(append(dst, ' '), c.record.Used.UnixNano(), 10)
		dst = append(dst, ' ')
		if len(c.record.Data) == 0 {
			dst = append(dst, '-')
		}
		dst = base64.StdEncoding.AppendEncode(dst, c.record.Data)
	case "use":
		dst = strconv.AppendInt(append(dst, ' '), c.record.Used.UnixNano(), 10)
	}
	dst = append(dst, ' ')
	sum := crc32.Checksum(dst[start:], castagnoli)
	dst = hex.AppendEncode(dst, []byte{byte(sum >> 24), byte(sum >> 16), byte(sum >> 8), byte(sum)})
	return append(dst, '\n')
}

// parseChange takes a line without its end.
func parseChange(line string) (change, error) {
	var c change
	at := strings.LastIndexByte(line, ' ') + 1
	sum, err := strconv.ParseUint(line[at:], 16, 32)
	if err != nil || len(line)-at != 8 || uint32(sum) != crc32.Checksum([]byte(line[:at]), castagnoli) {
		return c, errNotALine
	}
	var field [5]string
	n := 0
	for f := range strings.SplitSeq(line[:max(at-1, 0)], " ") {
		if n == len(field) {
			return c, errNotALine
		}
		field[n] = f
		n++
	}
	c.verb = field[0]
	if len(field[1]) != 2*len(c.record.Key) {
		return c, errNotALine
	}
	if _, err := hex.Decode(c.record.Key[:], []byte(field[1])); err != nil {
		return c, errNotALine
	}
	switch {
	case c.verb == "del" && n == 2:
		return c, nil
	case c.verb == "use" && n == 3:
		return c, parseNano(field[2], &c.record.Used)
	case c.verb == "put" && n == 5:
		if field[4] != "-" {
			if c.record.Data, err = base64.StdEncoding.DecodeString(field[4]); err != nil {
				return c, errNotALine
			}
		}
		return c, errors.Join(parseNano(field[2], &c.record.Created), parseNano(field[3], &c.record.Used))
	}
	return c, errNotALine
}

func parseNano(s string, t *time.Time) error {
	ns, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return errNotALine
	}
	*t = time.Unix(0, ns).UTC()
	return nil
}

// readLog gives each change of a log to apply. It returns how many octets are
// whole lines, and what was wrong with those that are no changes. What is cut
// at its end is as if it had not been written; what was spoilt before that is
// lost alone.
func readLog(r io.Reader, apply func(c change, length int)) (size int64, damaged []error, err error) {
	b := bufio.NewReaderSize(r, 64<<10)
	head, err := b.Peek(len(sessionLogHeader))
	if err != nil && err != io.EOF {
		return 0, nil, err
	}
	if !strings.HasPrefix(sessionLogHeader, string(head)) {
		return 0, nil, &ParseError{What: "first line of a log of sessions", Line: 1}
	}
	if len(head) < len(sessionLogHeader) {
		return 0, nil, nil
	}
	n, err := b.Discard(len(head))
	size = int64(n)
	for number := 2; err == nil; number++ {
		var line string
		if line, err = b.ReadString('\n'); err != nil {
			break
		}
		if c, err := parseChange(line[:len(line)-1]); err == nil {
			apply(c, len(line))
		} else if len(damaged) < maxDamaged {
			damaged = append(damaged, &ParseError{Offset: size, Line: number, What: "line", Err: err})
		}
		size += int64(len(line))
	}
	if err != io.EOF {
		return 0, nil, err
	}
	return size, damaged, nil
}
