// Package mime reads, builds and writes mail messages: the header of RFC 5322
// and the bodies of MIME, RFC 2045 to RFC 2049.
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
