package ftp_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/ftp"
	"applayer/internal/testkit"
)

// What opens doors is not shown, however badly it is typed (RFC 2577 §5).
func TestTraceSecrets(t *testing.T) {
	tests := []struct{ in, want string }{
		{"PASS geheim", "PASS ***"},
		{"pAsS geheim", "pAsS ***"},
		{"PASS  a b ", "PASS ***"},
		{"PASS\tgeheim", "PASS ***"},
		{"PASSgeheim", "PASS ***"},
		{" \tPASS geheim", "PASS ***"},
		{"ACCT geheim", "ACCT ***"},
		{"adat Z2VoZWlt", "adat ***"},
		{"PASS", "PASS"},
		{"PASV x", "PASV x"},
		{"USER PASS", "USER PASS"},
		{"", ""},
	}
	for _, tt := range tests {
		for _, secrets := range []bool{false, true} {
			var got []string
			client, server := testkit.Pipe()
			c := ftp.NewConn(server, &ftp.ConnOptions{Trace: &ftp.Trace{
				Line:    func(_ bool, line []byte) { got = append(got, string(line)) },
				Secrets: secrets,
			}})
			_, err := client.Write([]byte(tt.in + "\r\n"))
			require.NoError(t, err)
			c.ReadCommand() // most of them are none
			want := tt.want
			if secrets {
				want = tt.in
			}
			assert.Equal(t, []string{want}, got, "%q", tt.in)
			client.Close()
			c.Close()
		}
	}
}
