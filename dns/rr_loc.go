package dns

// LOC is a place on the earth (RFC 1876 §2).
type LOC struct {
	// Version is 0.
	Version uint8
	// Size is the diameter of a sphere around what is described. Like the two
	// precisions it has four bits each for a digit and for a power of ten, in
	// centimetres: 0x12 is a metre.
	Size, HorizontalPrecision, VerticalPrecision uint8
	// Latitude and Longitude are in thousandths of a second of arc, from 2^31
	// for the equator and the prime meridian, growing to the north and east.
	Latitude, Longitude uint32
	// Altitude is in centimetres from 100 km below the reference spheroid.
	Altitude uint32
}

// What a degree is, and the middle of the numbers.
const (
	locSecond = 1000
	locMinute = 60 * locSecond
	locDegree = 60 * locMinute
	locMiddle = 1 << 31
	locGround = 100_000 * 100
)

// Type returns [TypeLOC].
func (*LOC) Type() Type { return TypeLOC }

// Degrees returns latitude and longitude in degrees, south and west negative.
func (d *LOC) Degrees() (latitude, longitude float64) {
	return (float64(d.Latitude) - locMiddle) / locDegree, (float64(d.Longitude) - locMiddle) / locDegree
}

// Metres returns the altitude in metres.
func (d *LOC) Metres() float64 { return (float64(d.Altitude) - locGround) / 100 }

// Fields shows the place: on the wire as it is kept, in text as in
// "42 21 54.000 N 71 6 18.000 W -24.00m 30m 10000m 10m".
func (d *LOC) Fields(c *Codec) {
	switch c.op {
	case opPrint:
		if d.check(c); c.err == nil {
			d.print(c)
		}
		return
	case opScan:
		d.scan(c)
		return
	}
	c.Uint8(&d.Version)
	c.Uint8(&d.Size)
	c.Uint8(&d.HorizontalPrecision)
	c.Uint8(&d.VerticalPrecision)
	c.Uint32(&d.Latitude)
	c.Uint32(&d.Longitude)
	c.Uint32(&d.Altitude)
	d.check(c)
}

// check sees that the version is the one that there is, that digits are digits,
// and that the place is on the earth.
func (d *LOC) check(c *Codec) {
	const ref = "RFC 1876 §2"
	c.must(d.Version == 0, "version of LOC", ref, ErrValue)
	for _, size := range []uint8{d.Size, d.HorizontalPrecision, d.VerticalPrecision} {
		c.must(size>>4 <= 9 && size&15 <= 9, "size or precision", ref, ErrValue)
	}
	c.must(distance(d.Latitude) <= 90*locDegree, "latitude", ref, ErrValue)
	c.must(distance(d.Longitude) <= 180*locDegree, "longitude", ref, ErrValue)
}

// distance returns how far an angle is from the middle.
func distance(angle uint32) uint32 {
	if angle < locMiddle {
		return locMiddle - angle
	}
	return angle - locMiddle
}
