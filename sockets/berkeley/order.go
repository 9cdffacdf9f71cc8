package berkeley

import "encoding/binary"

// Htons turns a number of 16 bits from the machine's order of octets to the
// network's, most significant first. On a big-endian machine it does nothing.
func Htons(host uint16) uint16 {
	var b [2]byte
	binary.BigEndian.PutUint16(b[:], host)
	return binary.NativeEndian.Uint16(b[:])
}

// Htonl turns a number of 32 bits from the machine's order to the network's.
func Htonl(host uint32) uint32 {
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], host)
	return binary.NativeEndian.Uint32(b[:])
}

// Ntohs turns a number of 16 bits from the network's order to the machine's.
func Ntohs(network uint16) uint16 { return Htons(network) }

// Ntohl turns a number of 32 bits from the network's order to the machine's.
func Ntohl(network uint32) uint32 { return Htonl(network) }
