// Package http1 speaks HTTP/1.1 and HTTP/1.0: messages, connections, a client
// and a server.
//
// # Where to start
//
// A [Server] answers by a [Handler]; a [Mux] chooses one by method, host and
// path:
//
//	var m http1.Mux
//	m.HandleFunc("GET /animals/{name}", func(ctx context.Context, w *http1.ResponseWriter, r *http1.Request) {
//		w.WriteString("You asked for " + r.PathValue("name") + "\n")
//	})
//	s := &http1.Server{Handler: &m}
//	err := s.ListenAndServe("tcp", "127.0.0.1:8080")
//
// A [Client] asks:
//
//	resp, err := client.Get(ctx, "http://127.0.0.1:8080/animals/monkey")
//	if err != nil {
//		return err
//	}
//	defer resp.Body.Close()
//
// Both stand on [Conn], which carries messages over any net.Conn, and that on
// three things that need no socket: [Request] and [Response] parse and write
// heads, [Receiver] turns octets into events, and [Machine] tells what may come
// when. [RequestHead] and [ResponseHead] parse a head without allocating.
//
// The sub-packages: files serves a folder, cookie has a client's jar and a
// server's sessions, form reads and writes what HTML forms send, page finds
// what an HTML page refers to and fetches it.
//
// # What is implemented
//
//   - RFC 9112, HTTP/1.1: all but transfer codings other than chunked, which get
//     501 (§7), and trailers merged into the header (§7.1.2), which nobody
//     should do. Framing is decided by [RequestFraming] and [ResponseFraming].
//   - RFC 9110, semantics: fields, lists, dates, media types; 1xx, expectations,
//     Upgrade and CONNECT; preconditions ([CheckPreconditions]) and ranges
//     ([ServeContent]); redirects; content codings gzip and deflate in the client
//     on request. Content negotiation is the handler's affair. Of
//     authentication there are Basic (RFC 7617) and Bearer (RFC 6750).
//   - RFC 1945, HTTP/1.0: as client and as server, with the keep-alive that its
//     peers understand (RFC 9112 §C.2.2). HTTP/0.9 is refused.
//   - RFC 3986 for targets and hosts; RFC 5789, PATCH; RFC 6266 and 8187 as far
//     as serving needs; RFC 6585 and 8297 as status codes.
//
// Not here: caches (RFC 9111), proxies as servers, HTTP/2 and HTTP/3.
//
// # How strict
//
// What two recipients could read as two different requests is refused, or
// answered and followed by the end of the connection: white space before a
// colon, folded lines and bare LF in requests, Content-Length values that
// differ, codings behind chunked, Transfer-Encoding in HTTP/1.0 or beside
// Content-Length. After a fault of framing nothing on the connection is read as
// a message any more. What is written is held to the same rules, so no CR, LF
// or NUL passes through a field.
//
// # Limits
//
// [Limits] bounds a message: 16 KiB for the start line, 64 KiB and 256 lines
// for the fields, 32 KiB for one of them. Bodies are streams and bounded by who
// collects them. [Timeouts] bounds a server's patience: 10 s for a head, 60 s
// between requests, 240 octets a second for a body. [ClientLimits] and
// [ClientTimeouts] are the client's, sockets.Limits the connections'. Zero is
// the default, negative no limit.
//
// # Errors
//
// [ParseError] tells what is outside the grammar, where, by which section, and
// the status that answers it; [LimitError] which limit was reached;
// [ProtocolError] what is well-formed and may not come there. errors.Is finds
// their classes [ErrMalformed], [ErrFraming], [ErrTooLarge] and [ErrVersion]. A
// body that ends too early gives io.ErrUnexpectedEOF, never io.EOF.
//
// # Memory
//
// A head becomes one string, from which all its parts are cut: they are valid
// for ever. A server's Request and its Body, and what Raw returns, end with the
// handler. A connection that waits for its next request holds no buffer where
// the system can tell that octets have come.
//
// # Concurrency
//
// Servers and clients may be shared. There is one goroutine a connection in a
// server, and none in a client but for a request's body that is long. A Conn
// has one reader and one writer at a time; parsers and machines have one user.
package http1
