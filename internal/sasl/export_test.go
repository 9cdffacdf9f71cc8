package sasl

// SetChallenge makes s believe that it has sent this challenge.
func (s *CRAMMD5Server) SetChallenge(challenge string) { s.challenge = []byte(challenge) }
