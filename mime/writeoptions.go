package mime

// WriteOptions says what the way that a message will take can carry. The zero
// value, as nil, is for every way there is: lines of ASCII.
type WriteOptions struct {
	// UTF8 writes what is not ASCII in header fields as UTF-8 and not as encoded
	// words (RFC 6532 §3). Such a message needs SMTPUTF8 all the way.
	UTF8 bool
	// EightBit writes bodies as 8bit where that is enough. Such a message needs
	// 8BITMIME all the way (RFC 6152).
	EightBit bool
	// Binary lets a [Writer] write bodies as binary. Such a message needs
	// BINARYMIME all the way (RFC 3030 §3).
	Binary bool
	// Signable writes what no transport has a reason to change, so that a
	// signature over it stays right: ASCII alone, whatever EightBit says, no blank
	// at the end of a line, no line that begins with "From " (RFC 3156 §5,
	// RFC 8551 §3.1.3).
	Signable bool
}

// inForce returns the options, for nil their defaults.
func (o *WriteOptions) inForce() WriteOptions {
	if o == nil {
		return WriteOptions{}
	}
	in := *o
	if in.Signable {
		in.EightBit, in.Binary = false, false
	}
	return in
}
