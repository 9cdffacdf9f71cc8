package sasl

// appendGS2Header appends the header that OAUTHBEARER and SCRAM begin with
// (RFC 5801 §4): the channel binding flag and whom to act as, if that is said.
func appendGS2Header(dst []byte, flag, authzid string) []byte {
	dst = append(append(dst, flag...), ',')
	if authzid != "" {
		dst = appendName(append(dst, "a="...), authzid)
	}
	return append(dst, ',')
}

// appendName appends a saslname, in which ',' is "=2C" and '=' is "=3D"
// (RFC 5801 §4, RFC 5802 §5.1).
func appendName(dst []byte, name string) []byte {
	for i := range len(name) {
		switch name[i] {
		case ',':
			dst = append(dst, "=2C"...)
		case '=':
			dst = append(dst, "=3D"...)
		default:
			dst = append(dst, name[i])
		}
	}
	return dst
}
