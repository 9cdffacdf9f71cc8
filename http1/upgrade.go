package http1

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
