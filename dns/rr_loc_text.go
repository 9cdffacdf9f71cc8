package dns

import (
	"strconv"

	"applayer/internal/ascii"
)

func (d *LOC) print(c *Codec) {
	for _, size := range []uint8{d.Size, d.HorizontalPrecision, d.VerticalPrecision} {
		if size>>4 == 0 && size&15 != 0 {
			c.err = errNoText // a power of ten of nothing, which no number tells
			return
		}
	}
	c.dst = appendAngle(c.dst, d.Latitude, "NS")
	c.dst = appendAngle(append(c.dst, ' '), d.Longitude, "EW")
	c.dst = append(c.dst, ' ')
	cm := int64(d.Altitude) - locGround
	if cm < 0 {
		c.dst = append(c.dst, '-')
		cm = -cm
	}
	c.dst = append(appendFraction(c.dst, uint64(cm), 100), 'm')
	for _, size := range []uint8{d.Size, d.HorizontalPrecision, d.VerticalPrecision} {
		c.dst = append(appendSize(append(c.dst, ' '), size), 'm')
	}
}

// appendAngle appends degrees, minutes and seconds and one of two letters.
func appendAngle(dst []byte, angle uint32, letters string) []byte {
	letter := letters[0]
	if angle < locMiddle {
		letter = letters[1]
	}
	a := uint64(distance(angle))
	dst = strconv.AppendUint(dst, a/locDegree, 10)
	dst = strconv.AppendUint(append(dst, ' '), a/locMinute%60, 10)
	dst = appendFraction(append(dst, ' '), a%locMinute, locSecond)
	return append(dst, ' ', letter)
}

// appendFraction appends v divided by unit, a power of ten, with all digits behind
// the point.
func appendFraction(dst []byte, v, unit uint64) []byte {
	dst = append(strconv.AppendUint(dst, v/unit, 10), '.')
	for unit /= 10; unit > 0; unit /= 10 {
		dst = append(dst, '0'+byte(v/unit%10))
	}
	return dst
}

// appendSize appends a size in metres.
func appendSize(dst []byte, size uint8) []byte {
	cm := uint64(size >> 4)
	for range size & 15 {
		cm *= 10
	}
	if cm >= 100 {
		return strconv.AppendUint(dst, cm/100, 10)
	}
	return appendFraction(dst, cm, 100)
}

// scan reads the text of RFC 1876 §3: minutes, seconds, size and precisions may
// be missing, and the unit m.
func (d *LOC) scan(c *Codec) {
	d.Latitude = c.scanAngle("NS", 90)
	d.Longitude = c.scanAngle("EW", 180)
	const maxAltitude = 1<<32 - 1 - locGround
	cm, negative := c.scanMetres(maxAltitude)
	if negative {
		c.must(cm <= locGround, "altitude", "RFC 1876 §3", ErrSyntax)
		cm = -cm
	}
	d.Altitude = uint32(cm + locGround)
	d.Size, d.HorizontalPrecision, d.VerticalPrecision = 0x12, 0x16, 0x13
	for _, size := range []*uint8{&d.Size, &d.HorizontalPrecision, &d.VerticalPrecision} {
		if !c.more() {
			return
		}
		cm, negative := c.scanMetres(90_000_000_00)
		c.must(!negative, "size or precision", "RFC 1876 §3", ErrSyntax)
		*size = sizeOf(cm)
	}
}

// sizeOf returns the size that is not larger and begins with the same digit.
func sizeOf(cm int64) uint8 {
	power := uint8(0)
	for ; cm > 9; cm /= 10 {
		power++
	}
	return uint8(cm)<<4 | power
}

// scanAngle reads degrees, perhaps minutes and seconds, and one of two letters.
func (c *Codec) scanAngle(letters string, maxDegrees uint64) uint32 {
	const what, ref = "angle", "RFC 1876 §3"
	var angle uint64
	for _, unit := range []struct{ size, most, fraction uint64 }{
		{locDegree, maxDegrees, 1}, {locMinute, 59, 1}, {1, 60*locSecond - 1, locSecond}, {},
	} {
		t, ok := c.word(what)
		if !ok {
			return 0
		}
		if len(t.Text) == 1 && unit.size != locDegree {
			switch ascii.Upper(t.Text[0]) {
			case letters[0]:
				c.must(angle <= maxDegrees*locDegree, what, ref, ErrSyntax)
				return uint32(locMiddle + angle)
			case letters[1]:
				c.must(angle <= maxDegrees*locDegree, what, ref, ErrSyntax)
				return uint32(locMiddle - angle)
			}
		}
		v, ok := parseFraction(t.Text, max(unit.fraction, 1))
		if !ok || unit.size == 0 || v > unit.most {
			c.fail(what+" "+quoted(t.Text), ref, ErrSyntax)
			return 0
		}
		angle += v * unit.size
	}
	return 0
}

// scanMetres reads metres as centimetres, without their sign.
func (c *Codec) scanMetres(max uint64) (cm int64, negative bool) {
	t, ok := c.word("metres")
	if !ok {
		return 0, false
	}
	text := t.Text
	if n := len(text); n > 0 && ascii.Lower(text[n-1]) == 'm' {
		text = text[:n-1]
	}
	if len(text) > 0 && (text[0] == '-' || text[0] == '+') {
		negative = text[0] == '-'
		text = text[1:]
	}
	v, ok := parseFraction(text, 100)
	if !ok || v > max {
		c.fail("metres "+quoted(t.Text), "RFC 1876 §3", ErrSyntax)
		return 0, false
	}
	return int64(v), negative
}

// parseFraction reads a number with as many digits behind its point as unit has
// zeros, at most, as a number of such units.
func parseFraction(text []byte, unit uint64) (v uint64, ok bool) {
	const limit = 1 << 40
	v, n, err := ascii.Decimal(text, limit)
	if err != nil {
		return 0, false
	}
	v *= unit
	if n == len(text) {
		return v, true
	}
	if text[n] != '.' || n+1 == len(text) {
		return 0, false
	}
	for _, o := range text[n+1:] {
		unit /= 10
		if !ascii.Digit.Has(o) || unit == 0 {
			return 0, false
		}
		v += uint64(o-'0') * unit
	}
	return v, true
}
