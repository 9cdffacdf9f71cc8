package queue

import (
	"encoding/hex"
	"hash/crc32"
	"strconv"
	"time"

	"applayer/smtp"
)

// The file of a message is lines of text around its content; the package comment
// shows one. Each begins with the CRC-32C of the rest. The first, which is written
// last, has the offset, the size and the CRC-32C of the content. What is behind the
// content is appended to and synced before anybody acts on it; one append is one
// line, so that a crash leaves it whole or torn and never in part.

// castagnoli is the polynomial of CRC-32C, for which processors have an
// instruction.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

const (
	magic   = "applayer-queue"
	version = "1"
	// sumLen is the length of a checksum in digits.
	sumLen = 8
	// firstLen is the length of the first line.
	firstLen = sumLen + len(" "+magic+" "+version+" 0000000000 00000000000000000000 ") + sumLen + len("\n")
)

// timeForm is how times are written, in UTC.
const timeForm = time.RFC3339Nano

// verbs are what lines behind the content begin with.
var verbs = [events]string{EventTaken: "TAKEN", EventPutOff: "PUTOFF", EventRefused: "REFUSED", EventExpired: "EXPIRED"}

// verbReported begins a line that says who is told of: those of final recipients
// of the end, of others of the delay.
const verbReported = "REPORTED"

var whereNames = [wheres]string{wherePassed: "passed", whereRelayed: "relayed", whereDelivered: "delivered"}

// appendLine appends a line with what payload appends.
func appendLine(dst []byte, payload func([]byte) []byte) []byte {
	at := len(dst)
	dst = append(dst, "00000000 "...)
	dst = payload(dst)
	copy(dst[at:], appendSum(nil, crc32.Checksum(dst[at+sumLen+1:], castagnoli)))
	return append(dst, '\n')
}

func appendSum(dst []byte, sum uint32) []byte {
	return hex.AppendEncode(dst, []byte{byte(sum >> 24), byte(sum >> 16), byte(sum >> 8), byte(sum)})
}

// appendPadded appends a number with zeros before it.
func appendPadded(dst []byte, n int64, width int) []byte {
	digits := strconv.FormatInt(n, 10)
	for range width - len(digits) {
		dst = append(dst, '0')
	}
	return append(dst, digits...)
}

// extent is where the content of a message is in its file, and its checksum.
type extent struct {
	offset, size int64
	sum          uint32
}

// appendFirst appends the first line.
func appendFirst(dst []byte, x extent) []byte {
	return appendLine(dst, func(b []byte) []byte {
		b = appendPadded(append(b, magic+" "+version+" "...), x.offset, 10)
		b = appendPadded(append(b, ' '), x.size, 20)
		return appendSum(append(b, ' '), x.sum)
	})
}

// appendHeader appends the lines between the first and the content.
func appendHeader(dst []byte, arrived time.Time, env *smtp.Envelope) ([]byte, error) {
	var err error
	dst = appendLine(dst, func(b []byte) []byte { return appendTime(append(b, "ARRIVED "...), arrived) })
	dst = appendLine(dst, func(b []byte) []byte {
		b = append(b, "MAIL "...)
		var line []byte
		line, err = smtp.AppendMail(b, env.From, env.MailOptions)
		return line
	})
	for i := range env.To {
		if err != nil {
			return nil, err
		}
		dst = appendLine(dst, func(b []byte) []byte {
			b = append(b, "RCPT "...)
			var line []byte
			line, err = smtp.AppendRcpt(b, env.To[i].Path, env.To[i].RcptOptions)
			return line
		})
	}
	return dst, err
}

func appendTime(dst []byte, t time.Time) []byte {
	if t.IsZero() {
		return append(dst, '-')
	}
	return t.UTC().AppendFormat(dst, timeForm)
}

// appendOutcomes appends one line with what became of a try: of to[i],
// outcomes[i].
func appendOutcomes(dst []byte, to []int, outcomes []outcome) []byte {
	return appendLine(dst, func(b []byte) []byte {
		same := map[outcome][]int{}
		var order []outcome
		for i, o := range outcomes {
			if same[o] == nil {
				order = append(order, o)
			}
			same[o] = append(same[o], to[i])
		}
		for i, o := range order {
			if i > 0 {
				b = append(b, " ; "...)
			}
			b = appendOutcome(b, same[o], o)
		}
		return b
	})
}

func appendOutcome(b []byte, to []int, o outcome) []byte {
	b = append(append(b, verbs[o.event]...), ' ')
	b = append(appendIndexes(b, to), ' ')
	b = append(appendTime(b, o.at), ' ')
	b = append(appendTime(b, o.next), ' ')
	b = append(strconv.AppendInt(b, int64(o.tries), 10), ' ')
	if o.event == EventTaken {
		b = append(b, whereNames[o.where]...)
	} else {
		b = append(b, '-')
	}
	b = append(strconv.AppendInt(append(b, ' '), int64(o.code), 10), ' ')
	b = append(appendStatus(b, o.status), ' ')
	b = append(strconv.AppendQuoteToASCII(b, o.remote), ' ')
	return strconv.AppendQuoteToASCII(b, o.text)
}

func appendStatus(dst []byte, c smtp.EnhancedCode) []byte {
	for i, n := range c {
		if i > 0 {
			dst = append(dst, '.')
		}
		dst = strconv.AppendUint(dst, uint64(n), 10)
	}
	return dst
}

// appendReported appends a line that says who is told of.
func appendReported(dst []byte, to []int, at time.Time) []byte {
	return appendLine(dst, func(b []byte) []byte {
		b = append(appendIndexes(append(b, verbReported+" "...), to), ' ')
		return appendTime(b, at)
	})
}

// appendIndexes appends rising numbers as ranges, as in "0-4,7".
func appendIndexes(dst []byte, to []int) []byte {
	for i := 0; i < len(to); {
		end := i
		for end+1 < len(to) && to[end+1] == to[end]+1 {
			end++
		}
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = strconv.AppendInt(dst, int64(to[i]), 10)
		if end > i {
			dst = strconv.AppendInt(append(dst, '-'), int64(to[end]), 10)
		}
		i = end + 1
	}
	return dst
}
