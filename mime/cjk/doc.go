// Package cjk reads the charsets of Chinese, Japanese and Korean mail. It is apart
// from package mime, so that a program which needs none of them does not carry
// their tables.
//
// [Decoder] is what goes into the field Charset of mime.Options:
//
//	opts := &mime.Options{Charset: cjk.Decoder}
//
// # Charsets
//
// ISO-2022-JP (RFC 1468, with the sets of RFC 2237 and RFC 1554), Shift_JIS,
// EUC-JP, EUC-KR, ISO-2022-KR (RFC 1557), GB2312, HZ (RFC 1843), GBK, GB18030, Big5
// and Big5-HKSCS, by the names that the IANA registry has and those in use beside
// them. Each is read as its largest
// relative, since mail is labelled with the smaller one: Shift_JIS as
// Windows-31J, EUC-KR as Windows-949, GB2312 and GBK as GB18030, Big5 as
// Windows-950 with what Hong Kong adds; and the Japanese ones have the characters
// of Windows where JIS has none. They are read, not written.
//
// # Tables
//
// The tables are 81 kB, compressed, and come from Python's codecs. Each is unpacked
// when it is first used, to at most 160 kB.
//
// # Damaged text
//
// What stands for nothing becomes U+FFFD. An ASCII octet is never taken with a
// damaged character before it, so that no damage swallows a line end or a mark of
// syntax. The method Bad of a decoder, which mime.TextReader asks, tells where
// the first damage was.
package cjk
