package dns

import (
	"encoding/binary"
	"strconv"
)

// SvcParamKey is the key of a service's parameter (RFC 9460 §14.3).
type SvcParamKey uint16

// The keys. Others have values that are octets.
const (
	SvcMandatory     SvcParamKey = 0 // RFC 9460 §8
	SvcALPN          SvcParamKey = 1 // RFC 9460 §7.1
	SvcNoDefaultALPN SvcParamKey = 2 // RFC 9460 §7.1
	SvcPort          SvcParamKey = 3 // RFC 9460 §7.2
	SvcIPv4Hint      SvcParamKey = 4 // RFC 9460 §7.3
	SvcECH           SvcParamKey = 5 // RFC 9460 §14.3.2
	SvcIPv6Hint      SvcParamKey = 6 // RFC 9460 §7.3
	SvcDoHPath       SvcParamKey = 7 // RFC 9461 §5
	SvcOHTTP         SvcParamKey = 8 // RFC 9540 §4
)

var svcParamKeys = [...]string{"mandatory", "alpn", "no-default-alpn", "port", "ipv4hint", "ech", "ipv6hint", "dohpath", "ohttp"}

// String returns the key's name, or "key" and the number (RFC 9460 §2.1).
func (k SvcParamKey) String() string {
	if int(k) < len(svcParamKeys) {
		return svcParamKeys[k]
	}
	return "key" + strconv.Itoa(int(k))
}

// svcParamKeyOf reads a key, in small letters and without zeros in front of a
// number (RFC 9460 §2.1).
func svcParamKeyOf[T ~string | ~[]byte](s T) (SvcParamKey, bool) {
	for i, name := range svcParamKeys {
		if name == string(s) {
			return SvcParamKey(i), true
		}
	}
	n, ok := numbered(s, "key")
	return SvcParamKey(n), ok && string(s) == "key"+strconv.Itoa(int(n))
}

// isValid tells whether the value has the key's form.
func (p SvcParam) isValid() bool {
	v := p.Value
	switch p.Key {
	case SvcMandatory:
		return areMandatory(v)
	case SvcALPN:
		return areProtocols(v)
	case SvcNoDefaultALPN, SvcOHTTP:
		return len(v) == 0
	case SvcPort:
		return len(v) == 2
	case SvcIPv4Hint:
		return len(v) > 0 && len(v)%4 == 0
	case SvcIPv6Hint:
		return len(v) > 0 && len(v)%16 == 0
	case SvcECH, SvcDoHPath:
		return len(v) > 0
	}
	return true
}

// areMandatory tells whether v are keys in ascending order without that of the
// list itself (RFC 9460 §8).
func areMandatory(v []byte) bool {
	last := 0
	for ; len(v) >= 2; v = v[2:] {
		key := int(binary.BigEndian.Uint16(v))
		if key <= last {
			return false
		}
		last = key
	}
	return len(v) == 0 && last > 0
}

// areProtocols tells whether v are identifiers behind their lengths, none of
// them empty (RFC 9460 §7.1.1).
func areProtocols(v []byte) bool {
	n := 0
	for ; len(v) > 0; n++ {
		size := 1 + int(v[0])
		if size == 1 || size > len(v) {
			return false
		}
		v = v[size:]
	}
	return n > 0
}
