package dns

import (
	"encoding/binary"
	"net/netip"
	"slices"
)

// SVCB tells where and how a service is reached (RFC 9460 §2).
type SVCB struct {
	// Priority orders the records, lower numbers first; 0 makes the owner an
	// alias of Target (RFC 9460 §2.4.2).
	Priority uint16
	// Target is the host; the root stands for the owner, and in an alias for
	// no such service (RFC 9460 §2.5).
	Target Name
	// Params are in ascending order of their keys, no key twice.
	Params []SvcParam
}

// SvcParam is a parameter of a service (RFC 9460 §2.1).
type SvcParam struct {
	Key SvcParamKey
	// Value is as on the wire.
	Value []byte
}

// Type returns [TypeSVCB].
func (*SVCB) Type() Type { return TypeSVCB }

// Fields shows the priority, the target and the parameters. A record whose
// parameters contradict each other is read from the wire, so that a resolver
// passes it on, but not from text (RFC 9460 §2.4.3, §4.3).
func (d *SVCB) Fields(c *Codec) {
	c.Uint16(&d.Priority)
	c.PlainName(&d.Target)
	switch c.op {
	case opParse:
		d.parseParams(c)
	case opScan:
		d.scanParams(c)
	case opPrint:
		if !d.check(c) {
			return
		}
		if d.inconsistent() != "" {
			c.err = errNoText
			return
		}
		for _, p := range d.Params {
			c.space()
			c.dst = p.appendText(c.dst)
		}
	default:
		if !d.check(c) {
			return
		}
		for _, p := range d.Params {
			c.dst = binary.BigEndian.AppendUint16(c.dst, uint16(p.Key))
			c.dst = binary.BigEndian.AppendUint16(c.dst, uint16(len(p.Value)))
			c.dst = append(c.dst, p.Value...)
		}
	}
}

// HTTPS is the SVCB of origins of HTTP (RFC 9460 §9).
type HTTPS struct{ SVCB }

// Type returns [TypeHTTPS].
func (*HTTPS) Type() Type { return TypeHTTPS }

func (d *SVCB) parseParams(c *Codec) {
	for c.more() {
		head := c.take(4)
		if head == nil {
			return
		}
		p := SvcParam{Key: SvcParamKey(binary.BigEndian.Uint16(head))}
		if n := len(d.Params); n > 0 && d.Params[n-1].Key >= p.Key {
			c.fail("keys not in ascending order", "RFC 9460 §2.2", ErrValue)
			return
		}
		p.Value = c.mem.bytes(c.take(int(binary.BigEndian.Uint16(head[2:]))))
		if c.err == nil && !p.isValid() {
			c.fail("value of "+p.Key.String(), "RFC 9460 §2.2", ErrValue)
			return
		}
		d.Params = append(d.Params, p)
	}
}

// check tells, and c the error, whether the parameters can be written.
func (d *SVCB) check(c *Codec) bool {
	for i, p := range d.Params {
		switch {
		case i > 0 && d.Params[i-1].Key >= p.Key:
			c.fail("keys not in ascending order", "RFC 9460 §2.2", ErrValue)
		case len(p.Value) > 1<<16-1 || !p.isValid():
			c.fail("value of "+p.Key.String(), "RFC 9460 §2.2", ErrValue)
		}
	}
	return c.err == nil
}

// inconsistent tells what is missing beside the parameters that there are, ""
// for nothing (RFC 9460 §2.4.3).
func (d *SVCB) inconsistent() string {
	if d.Priority == 0 {
		return "" // what an alias has is ignored
	}
	for _, key := range d.Mandatory() {
		if _, ok := d.Param(key); !ok {
			return "mandatory " + key.String()
		}
	}
	_, without := d.Param(SvcNoDefaultALPN)
	if _, ok := d.Param(SvcALPN); without && !ok {
		return "alpn beside no-default-alpn"
	}
	return ""
}

// Param returns the value of a parameter; false where there is none.
func (d *SVCB) Param(key SvcParamKey) ([]byte, bool) {
	i, ok := slices.BinarySearchFunc(d.Params, key, func(p SvcParam, k SvcParamKey) int { return int(p.Key) - int(k) })
	if !ok {
		return nil, false
	}
	return d.Params[i].Value, true
}

// Mandatory returns the keys that a client must know to use the record, beside
// those that are so by themselves (RFC 9460 §8).
func (d *SVCB) Mandatory() []SvcParamKey {
	v, _ := d.Param(SvcMandatory)
	var keys []SvcParamKey
	for ; len(v) >= 2; v = v[2:] {
		keys = append(keys, SvcParamKey(binary.BigEndian.Uint16(v)))
	}
	return keys
}

// ALPN returns the protocols beside the scheme's own (RFC 9460 §7.1).
func (d *SVCB) ALPN() []string {
	v, _ := d.Param(SvcALPN)
	var protocols []string
	for len(v) > 0 && len(v) > int(v[0]) {
		protocols = append(protocols, string(v[1:1+int(v[0])]))
		v = v[1+int(v[0]):]
	}
	return protocols
}

// Port returns the port; false where it is the scheme's own (RFC 9460 §7.2).
func (d *SVCB) Port() (uint16, bool) {
	v, ok := d.Param(SvcPort)
	if !ok || len(v) != 2 {
		return 0, false
	}
	return binary.BigEndian.Uint16(v), true
}

// Hints returns the addresses that a client may try before it has asked for the
// target's, those of IPv4 first (RFC 9460 §7.3).
func (d *SVCB) Hints() []netip.Addr {
	var addrs []netip.Addr
	v4, _ := d.Param(SvcIPv4Hint)
	for ; len(v4) >= 4; v4 = v4[4:] {
		addrs = append(addrs, netip.AddrFrom4([4]byte(v4)))
	}
	v6, _ := d.Param(SvcIPv6Hint)
	for ; len(v6) >= 16; v6 = v6[16:] {
		addrs = append(addrs, netip.AddrFrom16([16]byte(v6)))
	}
	return addrs
}
