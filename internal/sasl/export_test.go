package sasl

// SetChallenge makes s believe that it has sent this challenge.
func (s *CRAMMD5Server) SetChallenge(challenge string) { s.challenge = []byte(challenge) }

// SetNonce makes c use this nonce.
func (c *SCRAMClient) SetNonce(nonce string) { c.testNonce = nonce }

// SetNonce makes s use this nonce.
func (s *SCRAMServer) SetNonce(nonce string) { s.testNonce = nonce }

// ServerFirst is what a server-first-message says; ok is false if it is none.
func ServerFirst(b []byte) (nonce string, salt []byte, iterations int, ok bool) {
	m, err := parseServerFirst(b)
	return m.nonce, m.salt, m.iterations, err == nil
}
