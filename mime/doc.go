// Package mime reads, builds and writes mail messages: the header of RFC 5322
// and the bodies of MIME, RFC 2045 to RFC 2049.
//
// # Structure
//
// [ParseBytes] and [Parse] make a tree of a message: an [Entity] for the message
// and for each part in it, which knows where header and body are and reads them
// when it is asked to. It has what IMAP tells of a message to the octet
// (RFC 9051 §7.5.2). [NewReader] walks through the same structure as a stream,
// for messages of any size: a [Reader] gives an [Event] as a [Part] begins, can
// be read, and ends. Both give bodies as they stand, without their transfer
// encoding, or as text in UTF-8.
//
// All open multiparts are looked for at once, so that the delimiter of an outer
// one ends what is within (RFC 2046 §5.1.2). A delimiter is a whole line. By
// RFC 2046 §5.1.1, a line that begins with the boundary would be one too; then a
// part could not hold a multipart whose own boundary begins with the outer one.
//
// # Values of fields
//
// [ParseAddressList] reads From, To and their like, groups and the obsolete forms
// of RFC 5322 §4.4 included; an [AddressList] keeps the groups and yields all
// mailboxes. [ParseMediaType] and [ParseDisposition] put the parameters of
// RFC 2231 together, and [DecodeText] the encoded words of RFC 2047. A structured
// value is cut before anything in it is decoded, so that no encoded comma
// separates and no encoded "@" makes an address. Each has its counterpart that
// writes what reads back the same, and refuses what would end a field.
//
// [Filename] is the one function that decides the name of a file, and
// [SafeFilename] makes of it a name under which it can be stored.
//
// # Damaged mail
//
// Much of the mail that exists breaks a rule. It is read all the same, without
// loss: what was wrong is listed as [Defect] values with their place and
// section, and [Options.Strict] makes an error of the first. What fits no rule
// is text of the body.
//
// # Limits
//
// [Limits] bounds headers, fields, nesting, parts, parameters, addresses and
// comments; each has a default and can be set.
//
// # Errors
//
// A [*ParseError] says where and which rule, a [*LimitError] which limit.
package mime
