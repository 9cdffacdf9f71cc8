package ftp_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"applayer/ftp"
)

// TestQuotedName: names as servers quote them.
func TestQuotedName(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"plain", `"/" is the current directory`, "/"},
		{"nothing behind", `"/a b"`, "/a b"},
		{"959 App. II a quote within is doubled", `"/new ""folder""" is the current directory`, `/new "folder"`},
		{"a quote at the end", `"/a""" created`, `/a"`},
		{"Pure-FTPd doubles none", `"/new "folder"" is your current location`, `/new "folder"`},
		{"inetutils doubles none", `"/srv/new "folder"" new directory created.`, `/srv/new "folder"`},
		{"one within that is not doubled", `"/a"b" is it`, `/a"b`},
		{"empty", `"" is the current directory`, ""},
		{"no quotes", "/ is the current directory", ""},
		{"a quote that nothing closes", `"/a`, ""},
		{"a quote alone", `"`, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, ok := ftp.QuotedName(tt.text)
			assert.Equal(t, tt.want, got)
			assert.Equal(t, tt.want != "", ok)
		})
	}
}

// TestStoredName: where servers tell the name that STOU made.
func TestStoredName(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"1123 4.1.2.9", "FILE: unique.1", "unique.1"},
		{"Pure-FTPd goes on", "FILE: pureftpd.6b02.3d\nAccepted data connection", "pureftpd.6b02.3d"},
		{"inetutils", "Transfer complete (unique file name:a b.1).", "a b.1"},
		{"none", "Opening BINARY mode data connection", ""},
	} {
		t.Run(tt.name, func(t *testing.T) { assert.Equal(t, tt.want, ftp.StoredName(tt.text)) })
	}
}
