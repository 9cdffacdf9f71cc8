package mailview

import (
	"errors"
	"strings"
	"unicode/utf8"

	"applayer/mime"
	"applayer/smtp"
)

// errNowhere is about "Alice <>", which a Return-Path may be and nobody else.
var errNowhere = errors.New("an address is missing")

// ParseAddresses takes what a user typed where addresses belong, as they go into
// a message. A domain is written in A-labels where that is enough to make the
// address ASCII, since every host takes such a message; needsUTF8 tells that it is
// not enough: the message needs SMTPUTF8 (RFC 6531 §3.4).
func ParseAddresses(typed string) (list mime.AddressList, needsUTF8 bool, err error) {
	if list, _, err = mime.ParseAddressList(typed, &mime.Options{Strict: true}); err != nil {
		return nil, false, err
	}
	take := func(m *mime.Mailbox) {
		if m.Local == "" {
			err = errNowhere
		}
		if domain, err := smtp.ToASCII(m.Domain); err == nil && isASCII(m.Local) && !isASCII(m.Domain) {
			m.Domain = domain
		}
		needsUTF8 = needsUTF8 || !isASCII(m.Local) || !isASCII(m.Domain)
	}
	for i := range list {
		if !list[i].Group {
			take(&list[i].Mailbox)
		}
		for j := range list[i].Members {
			take(&list[i].Members[j])
		}
	}
	return list, needsUTF8, err
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r >= utf8.RuneSelf })
}
