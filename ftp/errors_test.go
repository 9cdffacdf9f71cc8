package ftp_test

import (
	"io"
	"testing"

	"github.com/stretchr/testify/assert"

	"applayer/ftp"
)

func TestErrorTexts(t *testing.T) {
	tests := []struct {
		err  error
		want string
	}{
		{&ftp.ParseError{Offset: 4, What: "host-port", Ref: "RFC 959 §5.3.2", Err: ftp.ErrValue}, "ftp: host-port: value at byte 4 (RFC 959 §5.3.2)"},
		{&ftp.ParseError{What: "entry"}, "ftp: entry at byte 0"},
		{&ftp.ProtocolError{State: "Ready", Event: "RNTO", Ref: "RFC 959 §5.4"}, "ftp: no RNTO in state Ready (RFC 959 §5.4)"},
		{&ftp.ProtocolError{Remote: true, State: "Ready", Event: "RNTO", Ref: "RFC 959 §5.4"}, "ftp: peer: no RNTO in state Ready (RFC 959 §5.4)"},
		{&ftp.LimitError{Name: "MaxLine", Max: 4096}, "ftp: limit MaxLine of 4096 reached"},
	}
	for _, tt := range tests {
		assert.EqualError(t, tt.err, tt.want)
	}
	assert.ErrorIs(t, &ftp.ParseError{Err: io.ErrUnexpectedEOF}, io.ErrUnexpectedEOF)
}
