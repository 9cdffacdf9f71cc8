package cookie

// What the tests need of the inside.
var (
	CanonicalHost = canonicalHost
	DomainMatch   = domainMatch
	DefaultPath   = defaultPath
	PathMatch     = pathMatch
	RequestPath   = requestPath
	SecureScheme  = secureScheme

	AppendPunycode = appendPunycode

	AppendChange = appendChange
	ReadLog      = readLog
)

// SessionLogHeader and CompactSlack are as in the package.
const (
	SessionLogHeader = sessionLogHeader
	CompactSlack     = compactSlack
)

// Change is a line of a log of sessions.
type Change = change

// NewChange makes one.
func NewChange(verb string, r Record) *Change { return &change{verb, r} }
