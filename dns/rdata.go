package dns

import "sync"

// RData is the data of a resource record: one of this package's types, such as
// [*MX], or another package's. Its fields have one description, by which it is
// read from and written to the wire, in canonical and in presentation form.
//
// A method that changes the value may not run beside any other; else an RData
// may be used by several goroutines.
type RData interface {
	// Type is the record's type; only [*Unknown] has more than one.
	Type() Type
	// Fields hands the address of each field to c, in the order of the wire.
	// c reads the field there, or sets it.
	Fields(c *Codec)
}

// PrivateType is a record type that a program adds to this package's.
type PrivateType struct {
	// Mnemonic is its name in master files, in capital letters.
	Mnemonic string
	// New returns a value to be filled.
	New func() RData
}

// PrivateTypes are the types that a program adds, by number; they stand before
// this package's own. It must not change while it is used.
type PrivateTypes map[Type]PrivateType

// newRData returns an empty value of type t: an [*Unknown] where neither p nor
// this package knows it.
func (p PrivateTypes) newRData(t Type) RData {
	if private, ok := p[t]; ok {
		return private.New()
	}
	return newRData(t)
}

// ParseRData reads the RDATA of n octets that stands in msg at off, for a
// record of type t. It is a [*ParseError], unless the octets are what the type
// demands, all of them.
func ParseRData(t Type, msg []byte, off, n int, private PrivateTypes) (RData, error) {
	if off < 0 || n < 0 || n > len(msg)-off {
		return nil, &ParseError{Offset: int64(len(msg)), What: "RDATA", Ref: "RFC 1035 §3.2.1", Reply: int(RCodeFormErr), Err: errUnexpectedEOF}
	}
	d := private.newRData(t)
	m := memories.Get().(*memory)
	defer memories.Put(m)
	m.startMessage(1)
	m.codec.startParse(msg, off, off+n, m)
	err := m.codec.parse(d)
	m.codec.msg = nil
	if err != nil {
		return nil, err
	}
	return d, nil
}

// AppendRData appends d as it stands on the wire, without its length; names are
// compressed by comp where the type allows it, nil for nowhere (RFC 3597 §4).
// The error says which field has no such form.
func AppendRData(dst []byte, d RData, comp *Compressor) ([]byte, error) {
	if dst, ok := appendCommonData(dst, d, comp); ok {
		return dst, nil
	}
	c := codecs.Get().(*Codec)
	defer c.free()
	return c.append(dst, d, comp, opAppend)
}

// AppendCanonicalRData appends d in canonical form: no name compressed, those
// of the types of RFC 4034 §6.2 in lower case.
func AppendCanonicalRData(dst []byte, d RData) ([]byte, error) {
	c := codecs.Get().(*Codec)
	defer c.free()
	return c.append(dst, d, nil, opCanonical)
}

// AppendRDataText appends d in its presentation form, as master files have it;
// in the form of RFC 3597 §5 where d says what the type's own form cannot.
func AppendRDataText(dst []byte, d RData) ([]byte, error) { return AppendRDataTextSplit(dst, d, 0) }

// AppendRDataTextSplit is [AppendRDataText] with a blank behind every width
// characters of a field of octets that goes to the end; dig and
// named-compilezone have 56.
func AppendRDataTextSplit(dst []byte, d RData, width int) ([]byte, error) {
	c := codecs.Get().(*Codec)
	defer c.free()
	c.split = width
	return c.append(dst, d, nil, opPrint)
}

// codecs are those at rest: a Codec escapes through the RData interface, and
// would be allocated for each record.
var codecs = sync.Pool{New: func() any { return new(Codec) }}
