package berkeley

import (
	"encoding/binary"
	"strings"
)

// Sizes of the C structs: sockaddr_in, sockaddr_in6, the path of sockaddr_un,
// and sockaddr_storage, which holds any of them.
const (
	sizeIn      = 16
	sizeIn6     = 28
	sizePath    = 108
	sizeStorage = 128
)

// AppendSockaddr appends the octets of the C struct, as [Sockaddr.Marshal]
// gives them. It refuses a Unix-domain name that does not fit, and a path with
// a NUL in it, which would be cut there.
func AppendSockaddr(dst []byte, sa Sockaddr) ([]byte, error) {
	b, err := sa.Marshal()
	if err != nil {
		return dst, err
	}
	return append(dst, b...), nil
}

// Marshal gives the 16 octets of struct sockaddr_in: the family in the
// machine's order, port and address in the network's, 8 octets of zero.
func (sa SockaddrIn) Marshal() ([]byte, error) {
	b := make([]byte, 0, sizeIn)
	b = binary.NativeEndian.AppendUint16(b, uint16(PF_INET))
	b = binary.BigEndian.AppendUint16(b, sa.Port)
	b = binary.BigEndian.AppendUint32(b, uint32(sa.Addr))
	return b[:sizeIn], nil
}

// Marshal gives the 28 octets of struct sockaddr_in6 (RFC 3493 §3.3): family
// and scope in the machine's order, port, flowinfo and address in the network's.
func (sa SockaddrIn6) Marshal() ([]byte, error) {
	b := make([]byte, 0, sizeIn6)
	b = binary.NativeEndian.AppendUint16(b, uint16(PF_INET6))
	b = binary.BigEndian.AppendUint16(b, sa.Port)
	b = binary.BigEndian.AppendUint32(b, sa.Flowinfo)
	b = append(b, sa.Addr[:]...)
	return binary.NativeEndian.AppendUint32(b, sa.Scope), nil
}

// Marshal gives the octets of struct sockaddr_un, as many as the name takes:
// the family, then the path and its NUL, or a NUL and the abstract name. A path
// of all 108 octets has no NUL, as Linux allows.
func (sa SockaddrUn) Marshal() ([]byte, error) {
	n := len(sa.Name)
	if sa.Abstract {
		n++
	}
	if n > sizePath {
		return nil, &ParseError{Offset: 2 + sizePath, What: "sun_path longer than 108"}
	}
	b := make([]byte, 0, 2+sizePath+1)
	b = binary.NativeEndian.AppendUint16(b, uint16(PF_UNIX))
	if sa.Abstract {
		b = append(b, 0)
		return append(b, sa.Name...), nil
	}
	if i := strings.IndexByte(sa.Name, 0); i >= 0 {
		return nil, &ParseError{Offset: int64(2 + i), What: "NUL in sun_path"}
	}
	b = append(b, sa.Name...)
	if n > 0 && n < sizePath {
		b = append(b, 0)
	}
	return b, nil
}
