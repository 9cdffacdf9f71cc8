package http1

import "math"

// Limits bounds what a message may make its recipient hold. The zero value of
// a field means its default; a negative value, no limit. A nil *Limits is all
// defaults.
type Limits struct {
	// MaxStartLine bounds the request line or status line in octets, its line
	// end included (default 16 KiB; RFC 9112 §3 asks for 8000 at least). A
	// longer request line gets 414.
	MaxStartLine int
	// MaxFieldSection bounds all field lines of a head or of a trailer section
	// together with the empty line behind them, in octets (default 64 KiB,
	// 256 KiB for a client). More gets 431 (RFC 6585 §5).
	MaxFieldSection int
	// MaxFields bounds the number of field lines of a section (default 256).
	// More get 431. It answers floods that make look-ups slow.
	MaxFields int
	// MaxField bounds one field line in octets, its folds and line end
	// included (default 32 KiB). A longer one gets 431.
	MaxField int
	// MaxBody bounds the content of a message in octets (default none: bodies
	// are streams, and what a handler collects it bounds itself). More gets
	// 413.
	MaxBody int64
	// MaxChunkLine bounds a chunk's size and extensions in octets, the line
	// end included (default 4 KiB). It answers extensions without end.
	MaxChunkLine int
	// MaxChunkOverhead bounds the octets of chunk lines that a body may have
	// beyond 16 for each and as many as it has data (default 16 KiB), so that
	// chunks of one octet under long extensions do not cost a hundred times
	// their worth (CVE-2023-39326).
	MaxChunkOverhead int
}

// The defaults of [Limits].
const (
	defaultMaxStartLine    = 16 << 10
	defaultMaxFieldSection = 64 << 10
	defaultMaxFields       = 256
	defaultMaxField        = 32 << 10
)

// limit returns the value in force: v, or the default, or without bound.
func limit(v, byDefault int) int {
	switch {
	case v == 0:
		return byDefault
	case v < 0:
		return math.MaxInt
	}
	return v
}

func (l *Limits) maxStartLine() int {
	if l == nil {
		return defaultMaxStartLine
	}
	return limit(l.MaxStartLine, defaultMaxStartLine)
}

func (l *Limits) maxFieldSection() int {
	if l == nil {
		return defaultMaxFieldSection
	}
	return limit(l.MaxFieldSection, defaultMaxFieldSection)
}

func (l *Limits) maxFields() int {
	if l == nil {
		return defaultMaxFields
	}
	return limit(l.MaxFields, defaultMaxFields)
}

func (l *Limits) maxField() int {
	if l == nil {
		return defaultMaxField
	}
	return limit(l.MaxField, defaultMaxField)
}
