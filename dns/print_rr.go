package dns

import "strconv"

// TextStyle is how records stand in lines. The zero value has a tab between the
// parts of a record, as [RR.AppendText].
type TextStyle struct {
	// TTL, Class, Type and Data are the columns at which these parts begin, or
	// one further where the part before is longer; they may be the same. All 0
	// is a tab between them.
	TTL, Class, Type, Data int
	// Split divides octets that go to the end of a record by a blank behind so
	// many characters; 0 does not.
	Split int
	// NoTTL and NoClass leave these parts out.
	NoTTL, NoClass bool
	// TTLUnits writes TTLs with units, as in 1h30m.
	TTLUnits bool
	// Multiline writes long data over several lines, with comments in it.
	Multiline bool
}

// The styles of BIND's programs.
var (
	digStyle         = TextStyle{TTL: 24, Class: 32, Type: 40, Data: 48, Split: 56}
	compilezoneStyle = TextStyle{TTL: 46, Class: 46, Type: 46, Data: 64, Split: 56}
)

// DigStyle returns the style of dig.
func DigStyle() TextStyle { return digStyle }

// CompilezoneStyle returns the style of "named-compilezone -s full".
func CompilezoneStyle() TextStyle { return compilezoneStyle }

// AppendRR appends a record, without a line end. The error is that of
// [RR.AppendText].
func (s *TextStyle) AppendRR(dst []byte, rr RR) ([]byte, error) {
	at := linePlace{octet: len(dst)}
	dst, err := rr.Name.AppendText(dst)
	if err != nil {
		return dst, err
	}
	if !s.NoTTL {
		dst = s.gap(dst, &at, s.TTL)
		if s.TTLUnits {
			dst = appendUnits(dst, rr.TTL)
		} else {
			dst = strconv.AppendUint(dst, uint64(rr.TTL), 10)
		}
	}
	if !s.NoClass {
		dst = s.gap(dst, &at, s.Class)
		dst = append(dst, rr.Class.String()...)
	}
	dst = s.gap(dst, &at, s.Type)
	dst = append(dst, rr.Type().String()...)
	if rr.Data == nil {
		return dst, nil
	}
	dst = s.gap(dst, &at, s.Data)
	if s.Multiline {
		if dst, ok, err := appendMultiline(dst, rr.Data); ok || err != nil {
			return dst, err
		}
	}
	return AppendRDataTextSplit(dst, rr.Data, s.Split)
}

// linePlace is a place in a line: an octet, and the column that it has.
type linePlace struct{ octet, column int }

const tabStop = 8

// gap appends what stands between two parts of a line: a tab, or tabs and blanks
// up to the column, or past it to the next. No tab stands between the place
// before and the end of dst.
func (s *TextStyle) gap(dst []byte, before *linePlace, column int) []byte {
	if s.Data == 0 {
		return append(dst, '\t')
	}
	from := before.column + len(dst) - before.octet
	to := max(column, from+1)
	before.column = to
	for from/tabStop < to/tabStop {
		dst = append(dst, '\t')
		from = (from/tabStop + 1) * tabStop
	}
	for range to - from {
		dst = append(dst, ' ')
	}
	before.octet = len(dst)
	return dst
}

// appendUnits appends a time as "1w2d3h4m5s", without what is zero.
func appendUnits(dst []byte, s uint32) []byte {
	if s == 0 {
		return append(dst, "0s"...)
	}
	for _, u := range [...]struct {
		name byte
		n    uint32
	}{{'w', 604800}, {'d', 86400}, {'h', 3600}, {'m', 60}, {'s', 1}} {
		if s >= u.n {
			dst = strconv.AppendUint(dst, uint64(s/u.n), 10)
			dst = append(dst, u.name)
			s %= u.n
		}
	}
	return dst
}
