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
)
