package main

import (
	"bytes"
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
)

// One octet of a message is spoiled on its way: the scene must see it.
func TestMailScenesNoticeASpoiledOctet(t *testing.T) {
	tests := []struct {
		name   string
		scene  func(*Net, carry) error
		behind string // what the spoiled octet follows
		want   string
	}{
		{"a letter of the subject", playRFC822, "Subject: RFC 822 ", "FAIL  subject"},
		{"a field's name", playRFC822, "bob@hamburger.edu\r\n", "FAIL  fields of the header"},
		{"an address", playRFC822, "Cc: ", "FAIL  cc"},
		{"a digit of the date", playRFC822, "Nov 200", "FAIL  date"},
		{"a letter of the body", playRFC822, ".\r\n..", "FAIL  body, dots and all"},
		{"the encoded text", playRFC822, "R3LDvMOfZS", "FAIL  the text read back"},
		{"the subject of the document", playMIME, "Subject: That ", "FAIL  subject"},
		{"the boundary in its field", playMIME, "boundary=\"----next ", "FAIL  defects"},
		{"the text", playMIME, "\r\n\r\nHere ", "FAIL  text"},
		{"the type", playMIME, "Content-Type: application/x-zip-compresse", "FAIL  type of the attachment"},
		{"the name", playMIME, "filename=\"", "FAIL  its name"},
		{"the base64", playMIME, "UEsF", "FAIL  its octets"},
		{"a typographic quote", playMIME, "filename=“report.zip", "FAIL  its defects"},
		{"a type deep down", playMIME, "Content-Type: vi", "FAIL  top-level types"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			spoiled := 0
			way := func(message []byte) []byte {
				message = bytes.Clone(message)
				if i := bytes.Index(message, []byte(tt.behind)); i >= 0 && i+len(tt.behind) < len(message) {
					at := i + len(tt.behind)
					message[at] ^= spoiledBit(message[at])
					if message[at] == 'd' || message[at] == 'D' {
						message[at] = 'x' // case says nothing in a type
					}
					spoiled++
				}
				return message
			}
			var out bytes.Buffer
			v := playIn(t, Scene{Name: "spoiled", Run: func(_ context.Context, n *Net) error { return tt.scene(n, way) }}, &out, NetOptions{})
			assert.Positive(t, spoiled)
			assert.False(t, v.ok(), out.String())
			assert.Contains(t, out.String(), tt.want)
		})
	}
}
