package form

import "math"

// Limits bounds what a form can make us hold or do. The zero value of a field
// means its default; a negative value, no limit. A nil *Limits is all defaults.
type Limits struct {
	// MaxBody is the longest body in octets (default 10 MiB). With files on
	// disk it is what one request may fill.
	MaxBody int64
	// MaxFields bounds the fields of a query or an urlencoded body (default
	// 1000), each of which costs more than the two octets it may come in.
	MaxFields int
	// MaxParts bounds the parts of a multipart/form-data body (default 1000).
	MaxParts int
	// MaxPartHeader is the longest header of a part in octets (default 8 KiB).
	MaxPartHeader int
	// MaxName is the longest name of a field or file in octets (default 1 KiB),
	// after decoding.
	MaxName int
	// MaxValue is the longest value of a field in octets (default 1 MiB), after
	// decoding. It does not bound files.
	MaxValue int64
	// MaxMemory bounds what [Read] holds in memory of a multipart/form-data
	// body (default 10 MiB): values, names, and files that do not go to disk.
	MaxMemory int64
	// MaxFile is the longest file (default none; MaxBody stands).
	MaxFile int64
}

// bounds is Limits with its defaults put in.
type bounds struct {
	body, fields, parts, name, value, memory, file int64
}

func (l *Limits) bounds() bounds {
	if l == nil {
		l = &Limits{}
	}
	return bounds{
		body:   orDefault(l.MaxBody, 10<<20),
		fields: orDefault(int64(l.MaxFields), 1000),
		parts:  orDefault(int64(l.MaxParts), 1000),
		name:   orDefault(int64(l.MaxName), 1<<10),
		value:  orDefault(l.MaxValue, 1<<20),
		memory: orDefault(l.MaxMemory, 10<<20),
		file:   orDefault(l.MaxFile, math.MaxInt64),
	}
}

func orDefault(v, def int64) int64 {
	switch {
	case v == 0:
		return def
	case v < 0:
		return math.MaxInt64
	}
	return v
}

// bound is a limit of which some may be used up.
type bound struct {
	name      string
	max, left int64
}

// lesser returns the limit that will be reached first.
func lesser(a, b bound) bound {
	if b.left < a.left {
		return b
	}
	return a
}
