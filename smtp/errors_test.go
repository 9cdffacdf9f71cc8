package smtp_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"

	"applayer/smtp"
)

func TestErrorTexts(t *testing.T) {
	tests := []struct {
		err  error
		want string
	}{
		{&smtp.ParseError{Offset: 4, What: "Local-part", Ref: "RFC 5321 §4.1.2", Err: smtp.ErrSyntax}, "smtp: Local-part: syntax at byte 4 (RFC 5321 §4.1.2)"},
		{&smtp.ParseError{What: "command"}, "smtp: command at byte 0"},
		{&smtp.ProtocolError{Remote: true, State: "Ready", Event: "Rcpt", Ref: "RFC 5321 §4.1.4"}, "smtp: peer: no Rcpt in state Ready (RFC 5321 §4.1.4)"},
		{&smtp.ProtocolError{State: "Ready", Event: "Rcpt", Ref: "RFC 5321 §4.1.4"}, "smtp: no Rcpt in state Ready (RFC 5321 §4.1.4)"},
		{&smtp.LimitError{Name: "MaxLine", Max: 512}, "smtp: limit MaxLine of 512 reached"},
		{&smtp.ReplyError{Command: "RCPT", Reply: smtp.Reply{Code: 550, Enhanced: smtp.EnhancedCode{5, 1, 1}, Lines: []string{"No such\tmailbox."}}}, `smtp: RCPT: reply 550 5.1.1: "No such\tmailbox."`},
		{smtp.Refuse(451, smtp.EnhancedCode{}, "One.\nTwo."), `smtp: reply 451: "One. / Two."`},
	}
	for _, tt := range tests {
		assert.Equal(t, tt.want, tt.err.Error())
	}
	assert.True(t, errors.Is(tests[0].err, smtp.ErrSyntax))
	assert.True(t, smtp.Refuse(451, smtp.EnhancedCode{}, "").Temporary())
	assert.False(t, smtp.Refuse(550, smtp.EnhancedCode{}, "").Temporary())
}
