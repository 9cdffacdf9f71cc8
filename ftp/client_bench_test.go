package ftp_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"applayer/ftp"
)

// BenchmarkClient moves files over loopback, with our own server.
func BenchmarkClient(b *testing.B) {
	files := fstest.MapFS{"2kB": {Data: pattern(2 << 10)}, "1MiB": {Data: pattern(1 << 20)}}
	for i := range 100 {
		files["dir/"+string(rune('a'+i%26))+string(rune('a'+i/26))] = &fstest.MapFile{Data: []byte("x")}
	}
	server := &ftp.Server{Auth: ftp.AuthenticatorFunc(func(context.Context, ftp.Login) (*ftp.Account, error) {
		return &ftp.Account{FS: ftp.ReadOnly(files)}, nil
	})}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(b, err)
	go server.Serve(l)
	defer server.Close()
	c, err := ftp.Dial(b.Context(), "tcp", l.Addr().String(), nil)
	require.NoError(b, err)
	defer c.Close()

	for _, name := range []string{"2kB", "1MiB"} {
		b.Run("Retrieve/"+name, func(b *testing.B) {
			b.SetBytes(int64(len(files[name].Data)))
			b.ReportAllocs()
			var sink bytes.Buffer
			for b.Loop() {
				sink.Reset()
				r, err := c.Retrieve(b.Context(), name, 0)
				require.NoError(b, err)
				_, err = io.Copy(&sink, r)
				require.NoError(b, err)
			}
		})
	}
	b.Run("List/100", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			entries, err := c.List(b.Context(), "dir")
			require.NoError(b, err)
			require.Len(b, entries, 100)
		}
	})
}
