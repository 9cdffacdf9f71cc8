package pop3

// ApopDigest is APOP's proof.
var ApopDigest = apopDigest

// TraceLine is what Conn gives a Trace.
var TraceLine = (*Trace).line
