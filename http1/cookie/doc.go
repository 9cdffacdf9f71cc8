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
//
// The server: [Sessions] issue ids, know them again and keep what belongs to
// them in a [Database]: a [MemoryDatabase], or a [FileDatabase] that survives a
// crash.
//
// # Who may send what
//
// A jar needs to know more of a request than its URL: in which page it is, and
// what caused it. [Jar.SetCookie] and [Jar.Cookie] take the page's URL, which
// is nil for what is no part of another page; [Request] has the rest. Of that
// SameSite and [JarOptions.BlockThirdParty] are decided. Two URLs are of one
// site if they have the same registrable domain, which is the public suffix
// and one label, and both or neither are over TLS.
//
// # Limits
//
// [Limits] has them all. Zero is the default: 4096 octets of name and value,
// 1024 of an attribute, 512 cookies in a Cookie field, 50 of a domain in a jar
// and 3000 in all, 400 days of life, 64 MiB of a jar file, 100,000 sessions of
// 64 KiB. Negative is none. What goes from a full jar is told at [Jar], from
// full sessions at [Limits].MaxSessions.
//
// # Errors
//
// A [ParseError] says at which octet text leaves the grammar, a [LimitError]
// which limit it reached, a [PolicyError] why a jar did not take a cookie that
// is well-formed; its causes are ErrDomain, ErrSameSite and their like. All of
// them concern one cookie: a client goes on. [ErrLocked] means that another
// process has a file, [ErrNoSession] that a request has no good id.
//
// # Files
//
// Files are written so that a crash leaves the old or the new, with mode 0600,
// under a lock against other processes. A damaged line is lost alone, and told
// by [FileJar.Damaged] and [FileDatabase.Damaged]. On systems other than
// Linux, the BSDs, macOS and Windows a process that dies leaves its lock
// behind.
//
// # Concurrency
//
// Jars, databases, sessions and suffix lists may be shared by goroutines. The
// functions that parse and append keep nothing.
package cookie
