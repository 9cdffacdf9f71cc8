package peers_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/peers"
	"applayer/internal/testkit"
)

func TestDovecotPOP3(t *testing.T) {
	server, _ := testkit.Certificate(t)
	s := peers.DovecotPOP3(t, &peers.Config{TLS: server, Users: map[string]string{"bob": "hungry"}})
	s.AddMail(t, "bob", "1.a.b", "Subject: lunch\r\n\r\nDo you like ketchup?\r\n")
	for _, url := range []string{"pop3://bob:hungry@" + s.Addr + "/1", "pop3s://bob:hungry@" + s.TLSAddr + "/1"} {
		out := peers.Run(t, "curl", "-sk", url)
		require.Zero(t, out.Exit, "%s%s", out.Stderr, s.Stderr())
		assert.Equal(t, "Subject: lunch\r\n\r\nDo you like ketchup?\r\n", out.Stdout)
	}
	out := peers.Run(t, "curl", "-s", "pop3://bob:thirsty@"+s.Addr+"/1")
	assert.Equal(t, 67, out.Exit, "a wrong password")
}
