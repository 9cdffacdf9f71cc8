package zone

// Limits bounds what a master file can make us do. The zero value of a field
// means its default; a negative value, no limit. Nil is all defaults.
type Limits struct {
	// MaxToken is the longest word in octets, 65,536 by default.
	MaxToken int
	// MaxEntry is the longest entry in octets, comments and line ends
	// included, 1 MiB by default: so much of the file is held at once. A
	// parenthesis that is not closed ends there.
	MaxEntry int
	// MaxRData is the longest RDATA in octets, 65,535 by default, which is what
	// a record can hold (RFC 1035 §3.2.1). More is refused in any case.
	MaxRData int
	// MaxDepth is how deep files may include each other, 8 by default. It ends
	// the file that includes itself.
	MaxDepth int
	// MaxIncludes is how many files are included in all, 1024 by default. Files
	// that include two others each make 2^MaxDepth else.
	MaxIncludes int
	// MaxGenerate is how many records one $GENERATE may make, 65,536 by
	// default; MaxGenerated is how many all of them may make, 1,048,576 by
	// default. A line of twenty octets makes so many.
	MaxGenerate, MaxGenerated int
}

const (
	maxRData          = 1<<16 - 1
	defaultDepth      = 8
	defaultIncludes   = 1024
	defaultGenerate   = 1 << 16
	defaultGenerated  = 1 << 20
	maxInt            = int(^uint(0) >> 1)
	defaultBufferSize = 64 << 10
)

// withDefaults returns l with the defaults set, and what has no limit at the
// largest number.
func (l *Limits) withDefaults() Limits {
	if l == nil {
		l = &Limits{}
	}
	set := func(v, def int) int {
		switch {
		case v == 0:
			return def
		case v < 0:
			return maxInt
		}
		return v
	}
	return Limits{
		MaxToken:     l.MaxToken,
		MaxEntry:     l.MaxEntry,
		MaxRData:     min(set(l.MaxRData, maxRData), maxRData),
		MaxDepth:     set(l.MaxDepth, defaultDepth),
		MaxIncludes:  set(l.MaxIncludes, defaultIncludes),
		MaxGenerate:  set(l.MaxGenerate, defaultGenerate),
		MaxGenerated: set(l.MaxGenerated, defaultGenerated),
	}
}
