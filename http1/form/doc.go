// Package form reads and writes what HTML forms send:
// application/x-www-form-urlencoded, in bodies and in queries, and
// multipart/form-data (RFC 7578).
//
// [ReadRequest] takes all that a request sends, and [Read] a whole body of
// either type, into a [Form], with the files in memory or on disk. [NewReader] yields the parts of a multipart/form-data
// body one by one, as they come, for those who would store nothing, or store
// it elsewhere. [ParseURLEncoded] takes a query or a body of the other type
// that is at hand. For the way back there are [NewRequest], and below it
// [AppendURLEncoded], [NewBody] and [Writer].
//
// # Names and values
//
// [Fields] keeps the order in which they came, and all fields of one name
// (RFC 7578 §5.2). A name without "=" is told from one with an empty value:
// ?monkeys&banana is two names without values. Text is UTF-8; what is not is
// refused rather than guessed at. A file's name is cut down to its last
// element, since what a peer calls a file is no path here (RFC 7578 §4.2);
// what it means is still the peer's word, so do not open it.
//
// # What is refused
//
// Of two readers of one body, say a filter and the program behind it, neither
// should see another form than the other. So this one refuses what others take
// in several ways: a percent sign without two hexadecimal digits, two
// Content-Disposition fields or two name parameters in one part, the parameter
// filename* that RFC 7578 §4.2 forbids, folded lines, bare LF, bare CR and
// control characters in a part's header, a transfer encoding that changes
// octets (deprecated by RFC 7578 §4.7, and sent by nobody), a body without its
// last delimiter. Other fields in a part's header are ignored, as RFC 7578 §4.8
// asks. Several files within one part of type multipart/mixed, the older way,
// are read (RFC 7578 §4.3) and not written.
//
// In names, %22 is a quotation mark, since browsers and curl send it for one;
// so a name that holds these three characters itself does not survive the way.
// Other percent-encoding is left as it came.
//
// # Errors and limits
//
// A [ParseError] says where the octets break which rule and what a server
// answers: 400, or 415 for a type that is no form. A [LimitError] with a Reply
// of 413 names the field of [Limits] that was exceeded. Errors of the body's
// own reader and of the disk pass through. [Status] finds the answer to all.
//
// Nothing here starts goroutines. A [Reader] and a [Writer] are for one
// goroutine at a time; a [Form] may be read by many until its Close.
package form
