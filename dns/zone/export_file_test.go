package zone

// Causes of a ParseError that tests look for.
var (
	ErrNoFS       = errNoFS
	ErrNotRegular = errNotRegular
)
