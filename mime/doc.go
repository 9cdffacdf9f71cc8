// Package mime reads, builds and writes mail messages: the header of RFC 5322
// and the bodies of MIME, RFC 2045 to RFC 2049.
//
// To read a message, begin with [ParseBytes], [Parse] or [NewReader]; to look
// into its header, with [Header]; to make one, with [Message].
//
// # Structure
//
// [ParseBytes] and [Parse] make a tree of a message: an [Entity] for the message
// and for each part in it, which knows where header and body are and reads them
// when it is asked to. It has what IMAP tells of a message to the octet
// (RFC 9051 §7.5.2): [Entity.Envelope], [Entity.BodyStructure] and
// [Entity.Section]. [NewReader] walks through the same structure as a stream,
// for messages of any size: a [Reader] gives an [Event] as a [Part] begins, can
// be read, and ends. Both give bodies as they stand, without their transfer
// encoding, or as text in UTF-8.
//
// All open multiparts are looked for at once, so that the delimiter of an outer
// one ends what is within (RFC 2046 §5.1.2). A delimiter is a whole line. By
// RFC 2046 §5.1.1, a line that begins with the boundary would be one too; then a
// part could not hold a multipart whose own boundary begins with the outer one.
//
// # Headers
//
// A [Header] keeps the octets, the folding and the order of its fields, so that
// signatures over it stay good; what is changed is written anew and nothing else.
// Its methods read the fields that have a structure: addresses, dates, message
// identifiers, Received, those of lists, of MIME, and Authentication-Results.
// [Header.Check] reads all of them and lists what is wrong.
//
// [AddressList], [MediaType] and [Disposition] are values of fields. A value is
// cut before anything in it is decoded, so that no encoded comma separates and no
// encoded "@" makes an address. [Filename] is the one function that decides the
// name of a file, and [SafeFilename] makes one of it under which it can be stored.
//
// # Writing
//
// A [Message] is given text, HTML and files, and finds its structure, encodings
// and boundaries by itself; [Reply] and [Forward] make one of a message that was
// read, [Message.Embed] puts one into another. Files are streamed: of each, the
// first 64 KiB are looked at. [WriteOptions] says whether the way of the message
// carries 8bit or UTF-8, or whether a signature is to be over it
// (RFC 3156 §5); [Downgrade] makes a message fit a way that it does not fit. A
// [Writer] writes one entity as it is told. No value that is given can hold a
// line end, and nobody can guess a boundary.
//
// # Text
//
// [NewDecoder] has the charsets of Unicode, of ISO 8859, of Windows and of others
// in one octet; those of Chinese, Japanese and Korean are in the package
// mime/cjk, for [Options.Charset]. There are readers of format=flowed
// ([FlowedReader]), of the text in HTML ([HTMLReader]), which fetches nothing,
// and of mbox files ([MboxReader]). Folders of messages on disk are in
// mime/maildir.
//
// # What is done
//
// RFC 5322 with the obsolete forms of its §4 and of RFC 822, RFC 6532, RFC 6854;
// RFC 2045, 2046, 2047, 2231, 2183, 2387, 2392, 1847, 3676, 4155, 6522 and
// RFC 7578's names; the fields of RFC 1864, 2369, 2557, 2919, 3282, 3834, 8058,
// 8098 and 8601. Of RFC 2046, message/partial and message/external-body are told
// and not joined or fetched. Signatures and encryption are structure here: their
// octets are to be had exactly.
//
// # Transfer encodings
//
// [Base64Reader], [QPReader] and [UUReader] never fail of themselves: what is
// no such encoding is passed over or kept as text, and listed as a defect. They
// decode in the caller's memory. [Base64Writer] and [QPWriter] write lines of at
// most 76 characters.
//
// # Damaged mail
//
// Much of the mail that exists breaks a rule. It is read all the same, without
// loss: what was wrong is listed as [Defect] values with their place and
// section, and [Options.Strict] makes an error of the first. What fits no rule
// is text of the body. RFC 7103 gives the advice that is followed. Where a field
// or a parameter is there twice, the first counts, everywhere; several To, Cc or
// Bcc fields are one list (RFC 5322 §4.5.3).
//
// # Limits
//
// [Limits] bounds headers, fields, nesting, parts, parameters, addresses and
// comments; each has a default and can be set. What is beyond one stays readable:
// the part becomes a leaf, with a [LimitError] among the defects. Time is linear
// in the octets.
//
// # Errors
//
// A [*ParseError] says where and which rule, a [*LimitError] which limit; both
// are found by errors.As. The other errors are values of this package.
//
// # Concurrency
//
// Functions and what they return share nothing. An [Entity] does not change, and
// any number of goroutines may use it. Readers, writers and a Header that is
// being changed are for one goroutine at a time.
package mime
