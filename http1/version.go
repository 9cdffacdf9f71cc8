package http1

// Version is the version that a message names: ten times the major number and
// the minor one (RFC 9112 §2.3).
type Version uint8

// The versions. Of major version 1 any minor one is taken and answered as
// 1.1 (RFC 9110 §2.5).
const (
	HTTP10 Version = 10
	HTTP11 Version = 11
)

// Major returns the major number.
func (v Version) Major() int { return int(v / 10) }

// Minor returns the minor number.
func (v Version) Minor() int { return int(v % 10) }

// String returns the HTTP-version, as in "HTTP/1.1".
func (v Version) String() string {
	return "HTTP/" + string(rune('0'+v/10%10)) + "." + string(rune('0'+v%10))
}

// parseVersion takes HTTP-version, all of b: "HTTP/" DIGIT "." DIGIT, in
// capitals (RFC 9112 §2.3). It is not ok for anything else.
func parseVersion(b []byte) (v Version, ok bool) {
	if len(b) != 8 || string(b[:5]) != "HTTP/" || b[6] != '.' {
		return 0, false
	}
	major, minor := b[5]-'0', b[7]-'0'
	if major > 9 || minor > 9 {
		return 0, false
	}
	return Version(major*10 + minor), true
}
