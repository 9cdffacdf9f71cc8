package pop3

var (
	Words      = words
	ArgNumber  = argNumber
	Granted    = ok
	Refused    = refused
	VerbEvents = verbEvents
	TraceLine  = (*Trace).line
)
