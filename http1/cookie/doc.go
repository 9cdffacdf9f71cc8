// Package cookie reads, writes and keeps cookies: the state that HTTP, which
// has none, carries from one request to the next.
//
// A server sends Set-Cookie, the user agent keeps what it says and brings it
// back as Cookie. Implemented is RFC 6265: the parsers that user agents need
// (§5.1 and §5.2), strict writers for servers (§4.1 and §4.2), the storage
// model (§5.3) and the choice of what to send (§5.4). Where browsers have gone
// on, this package follows draft-ietf-httpbis-rfc6265bis, cited as 6265bis:
// SameSite, the prefixes __Host- and __Secure-, the limits on sizes and
// lifetime, Secure cookies that insecure origins cannot touch. Not followed is
// its cookie without a name. Not implemented are Partitioned cookies and an
// interface for scripts: a [Jar] is for HTTP alone, so HttpOnly is only kept.
//
// # Where to start
//
// The text: [ParseSetCookie], [ParseCookie] and [ParseDate] read it,
// [AppendSetCookie] and [AppendCookie] write it.
//
// The user agent: a [Jar] keeps what servers set and gives what a request
// carries. [ShortSuffixes] keeps anybody from setting a cookie for all of com;
// a browser gives it the whole list, by [ParseSuffixList]. A [FileJar], from
// [OpenFileJar], keeps its cookies in a file that curl reads and writes.
package cookie
