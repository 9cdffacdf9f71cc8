package sockets_test

import (
	"errors"
	"io"
	"testing"

	"github.com/stretchr/testify/assert"

	"applayer/sockets"
)

func TestErrorTexts(t *testing.T) {
	tests := []struct {
		name string
		err  error
		want string
	}{
		{"grammar and section", &sockets.ParseError{Offset: 3, What: "port", Ref: "RFC 6335 §6"}, "sockets: port at byte 3 (RFC 6335 §6)"},
		{"with a cause", &sockets.ParseError{Offset: 2, What: "sockaddr", Err: io.ErrUnexpectedEOF}, "sockets: sockaddr: unexpected EOF at byte 2"},
		{"limit names its knob", &sockets.LimitError{Name: "MaxConns", Max: 4096}, "sockets: limit MaxConns of 4096 reached"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, tt.want, tt.err.Error())
		})
	}
	assert.ErrorIs(t, errors.Join(tests[1].err), io.ErrUnexpectedEOF)
}
