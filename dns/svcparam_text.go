package dns

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/binary"
	"net/netip"
	"slices"
	"strconv"

	"applayer/internal/ascii"
)

// ParseSvcParam reads a parameter in its presentation form, as "alpn=h2,h3" or
// "key667=hello", its value in quotes or not (RFC 9460 §2.1). The error is a
// [*ParseError].
func ParseSvcParam(s string) (SvcParam, error) {
	c := codecs.Get().(*Codec)
	defer c.free()
	c.op, c.mem = opScan, &memory{}
	p := c.svcParam(Token{Text: []byte(s)})
	return p, c.err
}

// String returns the parameter's presentation form, as dig prints it.
func (p SvcParam) String() string { return string(p.appendText(nil)) }

// scanParams reads parameters in any order, no key twice.
func (d *SVCB) scanParams(c *Codec) {
	for c.more() {
		t, ok := c.word("SvcParam")
		if !ok {
			return
		}
		d.Params = append(d.Params, c.svcParam(*t))
	}
	slices.SortStableFunc(d.Params, func(a, b SvcParam) int { return cmp.Compare(a.Key, b.Key) })
	for i := range d.Params {
		if i > 0 && d.Params[i-1].Key == d.Params[i].Key {
			c.fail("second "+d.Params[i].Key.String(), "RFC 9460 §2.1", ErrSyntax)
			return
		}
	}
	if missing := d.inconsistent(); missing != "" {
		c.fail(missing+" is missing", "RFC 9460 §2.4.3", ErrSyntax)
	}
}

// svcParam reads key[=value] from a token. A value in quotes is a token of its
// own, that follows without a blank, or stands in the token with its quotes.
func (c *Codec) svcParam(t Token) SvcParam {
	name, value, hasValue := bytes.Cut(t.Text, []byte{'='})
	key, ok := svcParamKeyOf(name)
	if !ok {
		c.fail("key "+quoted(name), "RFC 9460 §2.1", ErrSyntax)
		return SvcParam{}
	}
	if hasValue && len(value) == 0 && c.more() {
		if next := c.tokens[c.next]; next.Quoted && next.Offset == t.Offset+len(t.Text) {
			value = next.Text
			c.next++
		}
	} else if n := len(value); n >= 2 && value[0] == '"' && value[n-1] == '"' {
		value = value[1 : n-1]
	}
	p := SvcParam{Key: key}
	named := len(name) < 4 || string(name[:3]) != "key"
	p.Value, ok = c.svcValue(key, value, named)
	if c.err == nil && (!ok || !p.isValid() || len(p.Value) > 1<<16-1) {
		c.fail("value of "+key.String()+" "+quoted(value), "RFC 9460 §2.1", ErrSyntax)
	}
	return p
}

// svcValue reads a value in the form of its key, or, where the key is written
// as a number, as octets.
func (c *Codec) svcValue(key SvcParamKey, text []byte, named bool) (v []byte, ok bool) {
	if !named {
		return c.mem.bytes([]byte(c.scanText(&Token{Text: text}, 1<<16-1))), c.err == nil
	}
	switch key {
	case SvcMandatory:
		v, ok = scanMandatory(text)
	case SvcALPN:
		v, ok = appendProtocols(nil, c.scanText(&Token{Text: text}, 1<<17))
	case SvcPort:
		n, used, err := ascii.Decimal(text, 1<<16-1)
		v, ok = binary.BigEndian.AppendUint16(nil, uint16(n)), err == nil && used == len(text)
	case SvcIPv4Hint:
		v, ok = scanHints(text, netip.Addr.Is4)
	case SvcIPv6Hint:
		v, ok = scanHints(text, func(a netip.Addr) bool { return a.Is6() && a.Zone() == "" })
	case SvcECH:
		b, err := base64.StdEncoding.Strict().AppendDecode(nil, text)
		v, ok = b, err == nil
	case SvcDoHPath:
		s := c.scanText(&Token{Text: text}, 1<<16-1)
		v, ok = []byte(s), isDoHTemplate(s)
	default:
		v, ok = []byte(c.scanText(&Token{Text: text}, 1<<16-1)), true
	}
	return c.mem.bytes(v), ok
}

// scanMandatory reads keys in any order, none twice; isValid sees to the rest.
func scanMandatory(text []byte) ([]byte, bool) {
	var keys []SvcParamKey
	for name := range bytes.SplitSeq(text, []byte{','}) {
		key, ok := svcParamKeyOf(name)
		if !ok {
			return nil, false
		}
		keys = append(keys, key)
	}
	slices.Sort(keys)
	var v []byte
	for _, key := range keys {
		v = binary.BigEndian.AppendUint16(v, uint16(key))
	}
	return v, true
}

// appendProtocols reads items with commas between them, where "\," is a comma
// and "\\" a backslash (RFC 9460 §A.1); the escapes of a character-string have
// been undone.
func appendProtocols(dst []byte, s string) ([]byte, bool) {
	length := len(dst)
	dst = append(dst, 0)
	for i := 0; i < len(s); i++ {
		switch o := s[i]; {
		case o == ',':
			length = len(dst)
			dst = append(dst, 0)
			continue
		case o == '\\' && (i+1 == len(s) || s[i+1] != ',' && s[i+1] != '\\'):
			return nil, false
		case o == '\\':
			i++
		}
		if dst[length] == 255 {
			return nil, false
		}
		dst = append(dst, s[i])
		dst[length]++
	}
	return dst, true
}

func scanHints(text []byte, is func(netip.Addr) bool) (v []byte, ok bool) {
	for s := range bytes.SplitSeq(text, []byte{','}) {
		a, err := netip.ParseAddr(string(s))
		if err != nil || !is(a) {
			return nil, false
		}
		v = append(v, a.AsSlice()...)
	}
	return v, true
}

// appendText appends the form in which dig prints a parameter.
func (p SvcParam) appendText(dst []byte) []byte {
	if p.Key == SvcDoHPath && !isDoHTemplate(string(p.Value)) {
		dst = append(dst, "key7"...) // as octets of any value
	} else {
		dst = append(dst, p.Key.String()...)
	}
	if len(p.Value) == 0 {
		return dst
	}
	dst = append(dst, '=')
	if !p.isValid() {
		return appendQuoted(dst, string(p.Value))
	}
	one := SVCB{Params: []SvcParam{p}}
	switch p.Key {
	case SvcMandatory:
		for i, key := range one.Mandatory() {
			dst = append(appendComma(dst, i), key.String()...)
		}
	case SvcALPN:
		dst = append(dst, '"')
		for i, id := range one.ALPN() {
			dst = appendProtocol(appendComma(dst, i), id)
		}
		dst = append(dst, '"')
	case SvcPort:
		dst = strconv.AppendUint(dst, uint64(binary.BigEndian.Uint16(p.Value)), 10)
	case SvcIPv4Hint, SvcIPv6Hint:
		for i, a := range one.Hints() {
			dst = appendAddrText(appendComma(dst, i), a)
		}
	case SvcECH:
		dst = base64.StdEncoding.AppendEncode(dst, p.Value)
	default:
		dst = appendQuoted(dst, string(p.Value))
	}
	return dst
}

func appendComma(dst []byte, i int) []byte {
	if i == 0 {
		return dst
	}
	return append(dst, ',')
}

// appendProtocol escapes an item of a list, and that again as text.
func appendProtocol(dst []byte, id string) []byte {
	for i := range len(id) {
		switch o := id[i]; {
		case o == '"':
			dst = append(dst, '\\', o)
		case o == ',':
			dst = append(dst, `\\,`...)
		case o == '\\':
			dst = append(dst, `\\\\`...)
		case o <= ' ' || o >= 0x7f:
			dst = appendDecimalEscape(dst, o)
		default:
			dst = append(dst, o)
		}
	}
	return dst
}
