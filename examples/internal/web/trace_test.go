package web_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/examples/internal/cli"
	"applayer/examples/internal/web"
	"applayer/http1"
	"applayer/internal/testkit"
)

func TestTrace(t *testing.T) {
	for _, tt := range []struct {
		name             string
		verbose, secrets bool
		want, wantNot    string
	}{
		{"silent", false, false, "", "C:"},
		{"credentials blanked", true, false, "C: GET / HTTP/1.1", "secret"},
		{"credentials shown", true, true, "C: Authorization: Basic secret", "***"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var out bytes.Buffer
			trace := web.Trace(&cli.Env{Verbose: tt.verbose, Secrets: tt.secrets, Stderr: &out})
			client, server := testkit.Pipe()
			defer client.Close()
			c := http1.NewConn(server, &http1.ConnOptions{Trace: trace})
			defer c.Close()
			_, err := client.Write([]byte("GET / HTTP/1.1\r\nHost: h\r\nAuthorization: Basic secret\r\n\r\n"))
			require.NoError(t, err)
			require.NoError(t, c.ReadRequest(new(http1.Request)))
			assert.Contains(t, out.String(), tt.want)
			assert.NotContains(t, out.String(), tt.wantNot)
		})
	}
}
