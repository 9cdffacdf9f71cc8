package http1

import "applayer/internal/ascii"

// proposesSwitch tells whether a request asks for another protocol on the
// connection: CONNECT, or an Upgrade field that its Connection field names, in
// HTTP/1.1 (RFC 9110 §7.8, §9.3.6).
func proposesSwitch(r *Request, upgrades bool) bool {
	return r.Method == MethodConnect || upgrades && r.Version != HTTP10 && r.Header.Has("Upgrade")
}

// isSwitch tells whether a response of that status to a request of that method
// ends HTTP on the connection.
func isSwitch(method string, status int) bool {
	return status == StatusSwitchingProtocols || method == MethodConnect && status >= 200 && status < 300
}

// checkAsked refuses a request to be sent that asks for what it can't get: a 100
// before no content (RFC 9110 §10.1.1), and an Upgrade that Connection does not
// name (RFC 9110 §7.8).
func checkAsked(r *Request, f Framing, upgrades bool, offset int) error {
	if f.Kind == NoBody && r.Header.Has("Expect") {
		for m := range r.Header.List("Expect") {
			if ascii.EqualFold(m, "100-continue") {
				return inField([]byte("Expect"), refused(offset, "expectation: 100-continue without content", "RFC 9110 §10.1.1"))
			}
		}
	}
	if !upgrades && r.Header.Has("Upgrade") {
		return inField([]byte("Upgrade"), refused(offset, "Upgrade: not named by Connection", "RFC 9110 §7.8"))
	}
	return nil
}
