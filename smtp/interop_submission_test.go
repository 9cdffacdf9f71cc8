package smtp_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/peers"
	"applayer/smtp"
)

// submission is a server for users alone, who send as themselves.
func submission(s *smtp.Server, _ *mailbox) {
	s.Submission = true
	s.SenderAllowed = func(identity string, from smtp.Path) bool { return from.IsNull() || from.Local == identity }
}

func TestInteropServerSubmission(t *testing.T) {
	o := serveOurs(t, submission)
	for _, tt := range []struct {
		name, args string
		exit       int
		want       string
	}{
		{"nobody logged in", "", 23, "\n<** 530 5.7.0"},
		{"as somebody else", "-a PLAIN -au bob -ap hungry", 23, "\n<** 550 5.7.1"},
		{"as himself", "-a PLAIN -au bob -ap hungry --from bob@hamburger.edu", 0, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			out := o.swaks("plain", strings.Fields(tt.args)...)
			assert.Equal(t, tt.exit, out.Exit, "%s%s", out.Stdout, out.Stderr)
			assert.Contains(t, out.Stdout, tt.want)
			if tt.exit == 0 {
				assert.Equal(t, "bob", o.take(1)[0].Identity)
			}
		})
	}
}

// TestInteropServerSmartHost has Postfix send all mail by us, logged in, as those
// do that may not send themselves.
func TestInteropServerSmartHost(t *testing.T) {
	o := serveOurs(t, submission)
	p := peers.Postfix(t, &peers.Config{Next: o.addr, Lines: []string{
		"myhostname = mail.crepes.fr", "virtual_mailbox_domains =", "smtp_tls_security_level = encrypt",
		"smtp_sasl_auth_enable = yes", "smtp_sasl_security_options = noanonymous", "smtp_sasl_password_maps = static:bob:hungry",
		"sender_canonical_maps = static:bob@hamburger.edu",
	}})
	inject(t, p, message("dots"), "carol@hamburger.edu")
	l := o.take(1)[0]
	// The header has bob for the sender.
	_, body, _ := strings.Cut(l.Text, "\r\n\r\n")
	assert.Equal(t, bodies["dots"], body)
	assert.Equal(t, "bob", l.Identity)
	assert.Equal(t, "ESMTPSA", l.Protocol)
	require.Len(t, l.To, 1)
}
