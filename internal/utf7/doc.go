// Package utf7 holds UTF-7, both the charset of RFC 2152, which is only read, and
// the form that names of mail folders have, the modified UTF-7 of RFC 3501 §5.1.3,
// which is read and written.
package utf7
