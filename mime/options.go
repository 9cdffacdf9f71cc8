package mime

import "math"

// Limits bounds what a message can make us hold or do. The zero value of a field
// means its default; a negative value, no limit. An entity that goes beyond a
// limit of header, depth or parts becomes an opaque leaf with a [LimitError]
// among its defects: one bad part does not make a stored message unreadable.
type Limits struct {
	// MaxHeaderBytes is the longest header block in octets (default 1 MiB). It
	// is all that a [Reader] holds in memory.
	MaxHeaderBytes int
	// MaxFieldBytes is the longest field in octets, folding included (default
	// 256 KiB).
	MaxFieldBytes int
	// MaxFields bounds the fields of one header (default 10,000).
	MaxFields int
	// MaxDepth bounds how deep multiparts and messages nest, together (default
	// 64).
	MaxDepth int
	// MaxParts bounds the entities of one message (default 10,000).
	MaxParts int
	// MaxParams bounds the parameters of one field (default 256).
	MaxParams int
	// MaxParamSections bounds the continued parameters of one field (default
	// 512, RFC 2231 §3).
	MaxParamSections int
	// MaxAddresses bounds the mailboxes of one field (default 10,000).
	MaxAddresses int
	// MaxCommentDepth bounds how deep comments nest (default 64).
	MaxCommentDepth int
	// MaxDefects bounds the defects that are listed (default 100); those beyond
	// are counted.
	MaxDefects int
}

// The defaults of [Limits].
const (
	defaultMaxHeaderBytes   = 1 << 20
	defaultMaxFieldBytes    = 256 << 10
	defaultMaxFields        = 10_000
	defaultMaxDepth         = 64
	defaultMaxParts         = 10_000
	defaultMaxParams        = 256
	defaultMaxParamSections = 512
	defaultMaxAddresses     = 10_000
	defaultMaxCommentDepth  = 64
	defaultMaxDefects       = 100
)

// Options says how a message is read. The zero value, as nil, has the defaults:
// damaged mail is read as far as it makes sense, and what was wrong with it is
// listed (RFC 7103 gives the advice that is followed).
type Options struct {
	Limits
	// Strict makes an error of the first defect.
	Strict bool
	// Wire counts and reads a lone LF as CRLF, so that sizes, lines and sections
	// of a file with LF are those of the message on the wire.
	Wire bool
	// Charset returns the decoder of a charset that this package does not know
	// itself, or nil. The label is in lower case.
	Charset func(label string) Decoder
}

// Decoder turns text of one charset into UTF-8. It may keep a state from call
// to call, so one decoder serves one text.
type Decoder interface {
	// AppendUTF8 appends what src stands for to dst and returns how many octets
	// of src it took. The others are the beginning of a character whose end is
	// yet to come; with last, nothing comes, and all is taken. An octet that
	// stands for nothing becomes U+FFFD.
	AppendUTF8(dst, src []byte, last bool) (out []byte, n int)
}

// inForce returns the options with their defaults filled in and those limits
// that are none made as large as can be.
func (o *Options) inForce() *Options {
	var in Options
	if o != nil {
		in = *o
	}
	for _, l := range []struct {
		v         *int
		byDefault int
	}{
		{&in.MaxHeaderBytes, defaultMaxHeaderBytes},
		{&in.MaxFieldBytes, defaultMaxFieldBytes},
		{&in.MaxFields, defaultMaxFields},
		{&in.MaxDepth, defaultMaxDepth},
		{&in.MaxParts, defaultMaxParts},
		{&in.MaxParams, defaultMaxParams},
		{&in.MaxParamSections, defaultMaxParamSections},
		{&in.MaxAddresses, defaultMaxAddresses},
		{&in.MaxCommentDepth, defaultMaxCommentDepth},
		{&in.MaxDefects, defaultMaxDefects},
	} {
		switch {
		case *l.v == 0:
			*l.v = l.byDefault
		case *l.v < 0:
			*l.v = math.MaxInt
		}
	}
	return &in
}
