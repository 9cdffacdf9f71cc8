package ftp_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"applayer/ftp"
	"applayer/internal/golden"
)

// What is parsed and can be written reads as the same, but for facts without a
// field.
func FuzzParseFacts(f *testing.F) {
	for _, s := range []string{
		"Type=file;Size=1024990;Perm=r; /tmp/cap60.pl198.tar.gz",
		"type=OS.unix=slink:/a;modify=19990929003355.237;unique=1g4;UNIX.mode=0755;UNIX.ownername=bob; a b ",
		"type=dir;sizd=4096; d", " x",
	} {
		f.Add([]byte(s))
	}
	for stream := range golden.Streams(f, "testdata/golden") {
		for line := range strings.SplitSeq(string(stream), "\r\n") {
			if strings.Contains(line, "=") && len(line) < 300 {
				f.Add([]byte(line))
			}
		}
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		e, err := ftp.ParseFacts(line)
		if err != nil {
			return
		}
		if name, err := e.LocalName(); err == nil {
			require.NotContains(t, name, "/")
			require.NotContains(t, []string{"", ".", ".."}, name)
		}
		b, err := ftp.AppendFacts(nil, &e, ftp.FactsAll)
		if err != nil {
			require.ErrorIs(t, err, ftp.ErrValue)
			return
		}
		got, err := ftp.ParseFacts(b)
		require.NoError(t, err, "%q", b)
		e.Other = nil
		if e.Type == ftp.EntrySymlink && got.Target == "" {
			e.Target = "" // what a value cannot hold
		}
		got.Precision, e.Precision = 0, 0 // zeros at the end of a fraction are not written
		require.Equal(t, e, got)
	})
}

func FuzzParseMLST(f *testing.F) {
	f.Add("250-Listing\r\n type=file;size=1; a\r\n250 End\r\n")
	f.Fuzz(func(t *testing.T, text string) {
		r, _, err := ftp.ParseReply([]byte(text), nil)
		if err != nil {
			return
		}
		if e, err := ftp.ParseMLST(r); err == nil {
			require.Contains(t, r.Lines[1], e.Name)
		}
	})
}

func FuzzParseFactNames(f *testing.F) {
	f.Add("Type*;Size;UNIX.chgd;")
	f.Fuzz(func(t *testing.T, list string) {
		all, told := ftp.ParseFactNames(list)
		require.True(t, all.Has(told))
		again, none := ftp.ParseFactNames(all.String())
		require.Equal(t, all, again)
		require.Zero(t, none)
		feature, _ := strings.CutPrefix(string(all.AppendFeature(nil, told)), "MLST ")
		all2, told2 := ftp.ParseFactNames(feature)
		require.Equal(t, all, all2)
		require.Equal(t, told, told2)
	})
}

func FuzzParseTimeVal(f *testing.F) {
	for _, s := range []string{"19980705132316", "19980615100045.014", "191000102030405.5", "20161231235960"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		when, err := ftp.ParseTimeVal(b)
		if err != nil || when.Year() > 9999 {
			return
		}
		out, err := ftp.AppendTimeVal(nil, when)
		require.NoError(t, err)
		again, err := ftp.ParseTimeVal(out)
		require.NoError(t, err, "%q", out)
		require.Equal(t, when, again)
	})
}
