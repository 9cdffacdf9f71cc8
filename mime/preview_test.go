package mime_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/mime"
)

func TestEntityPreview(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"text", "Subject: x\r\n\r\nHello,\r\nWorld!\r\n", "Hello, World!"},
		{"an attachment is passed over", "Content-Type: multipart/mixed; boundary=b\r\n\r\n" +
			"--b\r\nContent-Disposition: attachment\r\n\r\nno\r\n--b\r\n\r\n\r\n--b\r\n\r\nyes\r\n--b--\r\n", "yes"},
		{"plain text rather than HTML", "Content-Type: multipart/alternative; boundary=b\r\n\r\n" +
			"--b\r\nContent-Type: text/html\r\n\r\n<p>html\r\n--b\r\nContent-Type: text/plain\r\n\r\nplain\r\n--b--\r\n", "plain"},
		{"HTML", "Content-Type: TEXT/HTML; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n" +
			"<style>p{}</style><p>gr=FC=DFe&nbsp;<b>you</b>\r\n", "grüße you"},
		{"3676-4.1 flowed", "Content-Type: text/plain; format=Flowed; delsp=Yes\r\n\r\n> old \r\n> er\r\n >new \r\ner\r\n", ">newer"},
		{"3676-4.1 DelSp", "Content-Type: text/plain; format=flowed; delsp=yes\r\n\r\nnew \r\ner\r\n", "newer"},
		{"no text", "Content-Type: application/octet-stream\r\n\r\nx", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e, err := mime.ParseBytes([]byte(tt.in), nil)
			require.NoError(t, err)
			got, err := e.Preview(200)
			require.NoError(t, err)
			assert.Equal(t, tt.want, got)
		})
	}
}
