package dns

import "strconv"

// MaxTTL is the longest time to live, in seconds (RFC 2181 §8).
const MaxTTL = 1<<31 - 1

// RR is a resource record (RFC 1035 §3.2.1).
type RR struct {
	// Name is the owner: the name that the record belongs to.
	Name Name
	// Class is the record's class.
	Class Class
	// TTL is how many seconds the record may be kept. Read from a message, one
	// with its top bit set is 0 (RFC 2181 §8).
	TTL uint32
	// Data is the record's type and data. A record that has none, as updates
	// have (RFC 2136 §2.4), is an [*Unknown] without octets. With nil a record
	// cannot be written.
	Data RData
}

// Type returns the type of the record's data, 0 for none.
func (r *RR) Type() Type {
	if r.Data == nil {
		return 0
	}
	return r.Data.Type()
}

// String returns the record as a line of a master file, with tabs between
// owner, TTL, class, type and data; what has no such form is left out.
func (r RR) String() string {
	b, _ := r.AppendText(nil)
	return string(b)
}

// AppendText appends what [RR.String] returns. The error tells which field has
// no presentation form.
func (r RR) AppendText(dst []byte) ([]byte, error) {
	dst, err := r.Name.AppendText(dst)
	if err != nil {
		return dst, err
	}
	dst = append(dst, '\t')
	dst = strconv.AppendUint(dst, uint64(r.TTL), 10)
	dst = append(dst, '\t')
	dst = append(dst, r.Class.String()...)
	dst = append(dst, '\t')
	dst = append(dst, r.Type().String()...)
	if r.Data == nil {
		return dst, nil
	}
	dst = append(dst, '\t')
	return AppendRDataText(dst, r.Data)
}
