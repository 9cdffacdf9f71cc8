package berkeley

import (
	"bytes"
	"encoding/binary"
	"io"
)

// ParseSockaddr takes a whole socket address in the octets of the C struct. The
// family, in the machine's order, tells which struct it is.
func ParseSockaddr(b []byte) (Sockaddr, error) {
	if len(b) < 2 {
		return nil, short(b, "sa_family")
	}
	switch family := Family(binary.NativeEndian.Uint16(b)); family {
	case PF_INET:
		var sa SockaddrIn
		err := sa.Unmarshal(b)
		return sa, err
	case PF_INET6:
		var sa SockaddrIn6
		err := sa.Unmarshal(b)
		return sa, err
	case PF_UNIX:
		var sa SockaddrUn
		err := sa.Unmarshal(b)
		return sa, err
	default:
		return nil, &ParseError{What: "unknown address family " + family.String()}
	}
}

// Unmarshal takes the 16 octets of struct sockaddr_in. As the kernel does, it
// does not look at the 8 octets of filling.
func (sa *SockaddrIn) Unmarshal(b []byte) error {
	if err := checkStruct(b, PF_INET, sizeIn, "sockaddr_in"); err != nil {
		return err
	}
	sa.Port = binary.BigEndian.Uint16(b[2:])
	sa.Addr = InAddr(binary.BigEndian.Uint32(b[4:]))
	return nil
}

// Unmarshal takes the 28 octets of struct sockaddr_in6 (RFC 3493 §3.3).
func (sa *SockaddrIn6) Unmarshal(b []byte) error {
	if err := checkStruct(b, PF_INET6, sizeIn6, "sockaddr_in6"); err != nil {
		return err
	}
	sa.Port = binary.BigEndian.Uint16(b[2:])
	sa.Flowinfo = binary.BigEndian.Uint32(b[4:])
	sa.Addr = [16]byte(b[8:24])
	sa.Scope = binary.NativeEndian.Uint32(b[24:])
	return nil
}

// checkStruct sees that b is one struct of a known size.
func checkStruct(b []byte, want Family, size int, what string) error {
	if len(b) < size {
		return short(b, what)
	}
	if err := checkFamily(b, want); err != nil {
		return err
	}
	if len(b) > size {
		return &ParseError{Offset: int64(size), What: "octets after " + what}
	}
	return nil
}

// Unmarshal takes struct sockaddr_un, of which the length is a part: two octets
// are a socket without a name; a NUL in front makes all that follows an
// abstract name; otherwise the path ends at a NUL or at the end.
func (sa *SockaddrUn) Unmarshal(b []byte) error {
	if len(b) < 2 {
		return short(b, "sockaddr_un")
	}
	if err := checkFamily(b, PF_UNIX); err != nil {
		return err
	}
	path := b[2:]
	if len(path) == 0 {
		*sa = SockaddrUn{}
		return nil
	}
	abstract := path[0] == 0
	if abstract {
		path = path[:min(len(path), sizePath+1)]
	} else if i := bytes.IndexByte(path, 0); i >= 0 {
		// Linux gives a path of 108 octets back with a NUL after it, so what
		// counts is the length of the C string.
		path = path[:i]
	}
	if len(path) > sizePath {
		return &ParseError{Offset: 2 + sizePath, What: "sun_path longer than 108"}
	}
	if abstract {
		path = path[1:]
	}
	*sa = SockaddrUn{Name: string(path), Abstract: abstract}
	return nil
}

// checkFamily sees that b, of two octets at least, begins with the family.
func checkFamily(b []byte, want Family) error {
	if got := Family(binary.NativeEndian.Uint16(b)); got != want {
		return &ParseError{What: "address family is " + got.String() + ", want " + want.String()}
	}
	return nil
}

// short tells that b ends inside what.
func short(b []byte, what string) error {
	return &ParseError{Offset: int64(len(b)), What: what, Err: io.ErrUnexpectedEOF}
}
