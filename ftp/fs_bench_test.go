package ftp_test

import (
	"bytes"
	"io"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"applayer/ftp"
)

func BenchmarkDirOpen(b *testing.B) {
	root := tree(b, map[string]string{"a": "x", "sub/deep/b": "y"})
	d := openDir(b, root, nil)
	for _, name := range []string{"a", "sub/deep/b"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				f, err := d.Open(name)
				if err != nil {
					b.Fatal(err)
				}
				f.Close()
			}
		})
	}
}

func BenchmarkDirCreate(b *testing.B) {
	text := make([]byte, 2<<10)
	for _, sync := range []bool{true, false} {
		b.Run("sync="+strconv.FormatBool(sync), func(b *testing.B) {
			d := openDir(b, b.TempDir(), &ftp.DirOptions{NoSync: !sync})
			b.ReportAllocs()
			for b.Loop() {
				u, err := d.Create("a", ftp.CreateReplace, 0)
				require.NoError(b, err)
				_, err = u.Write(text)
				require.NoError(b, err)
				require.NoError(b, u.Commit())
			}
		})
	}
}

func BenchmarkListing(b *testing.B) {
	files := map[string]string{}
	for i := range 1000 {
		files["file"+strconv.Itoa(i)] = ""
	}
	d := openDir(b, tree(b, files), nil)
	for _, style := range []struct {
		name  string
		style ftp.ListStyle
	}{{"LIST", ftp.ListLong}, {"NLST", ftp.ListNames}, {"MLSD", ftp.ListFacts}} {
		b.Run(style.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				l, err := ftp.NewListing(ftp.ListRequest{FSys: d, Cwd: ".", Style: style.style, Now: now})
				require.NoError(b, err)
				_, err = l.WriteTo(io.Discard)
				require.NoError(b, err)
			}
		})
	}
}

func BenchmarkMatch(b *testing.B) {
	name := string(bytes.Repeat([]byte("a"), 64))
	for b.Loop() {
		ftp.Match("*a*a*a*b", name)
	}
}
