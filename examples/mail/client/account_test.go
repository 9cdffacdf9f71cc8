package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// A port means TLS from the start only where nothing else was said (RFC 8314 §3).
func TestImplicitTLS(t *testing.T) {
	for _, tt := range []struct {
		addr, mode string
		want       bool
	}{
		{"mx.example:465", "auto", true},
		{"mx.example:8465", "auto", true},
		{"mx.example:587", "auto", false},
		{"mx.example:465", "starttls", false},
		{"mx.example:465", "off", false},
		{"mx.example:587", "implicit", true},
	} {
		a := account{addr: tt.addr, mode: tt.mode}
		assert.Equal(t, tt.want, a.implicit("465", "8465"), tt)
	}
}

// A line end in any flag is wrong usage, and nothing is sent.
func TestLineEndInAnyFlag(t *testing.T) {
	whole := []string{"send", "-server", "127.0.0.1:1", "-user", "u", "-pass", "p", "-from", "a@x.example", "-to", "b@x.example", "-cc", "c@x.example"}
	for _, flag := range []string{"server", "ca", "tls", "user", "pass", "out", "from", "to", "cc", "subject", "attach"} {
		for _, end := range []string{"\r", "\n"} {
			got := run(t, "Hello.\n", append(whole, "-"+flag, "x"+end+"y")...)
			assert.Equal(t, 2, got.Status, "%s: %s", flag, got.Stderr)
			assert.Contains(t, got.Stderr, "-"+flag)
		}
	}
}
