package mailstore

import (
	"strings"
	"unicode"

	"applayer/internal/ascii"
	"applayer/mime/maildir"
)

// maxName is the longest name of a file that systems have.
const maxName = 255

// plain are the octets of a user's name that stand for themselves in a folder's.
var plain = ascii.Range('a', 'z').Or(ascii.Range('0', '9')).Or(ascii.Chars("-_.@+"))

// reserved are names that Windows does not let a file have, alone or with a digit,
// and with whatever behind a dot.
var reserved = []string{"con", "prn", "aux", "nul", "com", "lpt"}

// userFolder returns the name of a user's folder. Capital letters of ASCII are made
// small, as some file systems do by themselves: "Bob" is "bob". What is no letter,
// digit, "-", "_", ".", "@" or "+" is written as "%" and two digits, and so is a dot
// at either end. The error is [ErrName].
func userFolder(user string) (string, error) {
	b := make([]byte, 0, len(user)+16)
	for i := range len(user) {
		c := ascii.Lower(user[i])
		dot := c == '.' && (i == 0 || i == len(user)-1)
		if plain.Has(c) && !dot && !(i == 0 && startsReserved(user)) {
			b = append(b, c)
			continue
		}
		if c < ' ' || c == 0x7F {
			return "", ErrName
		}
		b = append(b, '%', upperHex[c>>4], upperHex[c&15])
	}
	if len(b) == 0 || len(b) > maxName {
		return "", ErrName
	}
	return string(b), nil
}

const upperHex = "0123456789ABCDEF"

// startsReserved tells whether Windows has another use for a name.
func startsReserved(user string) bool {
	stem, _, _ := strings.Cut(user, ".")
	for _, r := range reserved {
		if len(stem) >= len(r) && ascii.EqualFold(stem[:len(r)], r) {
			digit := stem[len(r):]
			return digit == "" || len(digit) == 1 && digit[0] >= '0' && digit[0] <= '9'
		}
	}
	return false
}

// Inbox is the name of the folder where mail is delivered. It is known in any case
// (RFC 9051 §5.1).
const Inbox = "INBOX"

// separator stands between the names of a folder and those above it.
const separator = "/"

// folderOf returns the folder that has a name, which is UTF-8 with "/" between the
// names of those above it and its own; inbox is the user's Maildir itself. No name
// may be empty or have a dot, as Maildir++ has them between names, or a control
// character (RFC 9051 §5.1). The error is [ErrName].
func folderOf(name string) (f maildir.Folder, inbox bool, err error) {
	if ascii.EqualFold(name, Inbox) {
		return maildir.Folder{}, true, nil
	}
	if strings.ContainsFunc(name, unicode.IsControl) {
		return f, false, ErrName
	}
	f, err = maildir.NewFolder(strings.Split(name, separator)...)
	if err != nil {
		return f, false, ErrName
	}
	return f, false, nil
}

// folderName is the name of a folder.
func folderName(f maildir.Folder) string { return strings.Join(f.Path, separator) }
