package ftp_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"applayer/ftp"
	"applayer/internal/golden"
)

// What is read of a listing and written as ls -l reads as the same, but for what
// a listing of minutes or days cannot tell.
func FuzzParseList(f *testing.F) {
	for _, s := range []string{
		"-rw-r--r--    1 900      900          3000 Nov 02 12:00 octets.bin",
		"lrwxrwxrwx 1 a a 6 Nov  2 12:00 b -> c -> d",
		"brw-rw----   1 root     disk       8,   1 Nov 02 12:00 sda1",
		"-rwsr-Sr-t 1 a a 1 2026-11-02 12:00:05.500000000 -0200 b",
		"-rw-r--r-- 1 a a 1  3. Mai 2025  b",
		"-rw-r--r-- 1 a a 1 21.11. 22:14 b",
		"-rw-r--r-- 1 a a 1 2025年 5月 3日 b",
		"-rw-r--r-- 1 a a 1  3 d’ag.    12:00 b",
		"-rw-r--r-- 1 a a 1 21. нов. у 22:14 b",
		"-rw-r--r-- 1 a a 1 21.\u00a0lis 22.14 b",
		"11-21-26  10:14PM       <DIR>          some directory",
		"11/21/2026  10:14 PM         1,234,567 a",
		"+i8388621.44468,m839956783,r,s10376,\ta file",
		"d [R----F--] supervisor            512       Jan 16 18:53    login",
		"README.TXT;4       18/20     10-APR-2000 10:36:14  [ANONYMOUS]",
		"BUILD     01.05 2003/04/08 2003/04/25 10:32    24    24     0 JOHN",
		"total 12",
	} {
		f.Add([]byte(s))
	}
	for stream := range golden.Streams(f, "testdata/golden") {
		for line := range strings.SplitSeq(string(stream), "\r\n") {
			if len(line) > 40 && len(line) < 200 && strings.ContainsAny(line[:1], "-dl") {
				f.Add([]byte(line))
			}
		}
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		e, err := ftp.ParseList(line, listNow)
		if err != nil {
			return
		}
		require.NotEmpty(t, e.Name)
		require.Contains(t, string(line), e.Name, "the name is in the line")
		require.False(t, e.Facts.Has(ftp.FactSize) && e.Size < 0)
		if e.Type == ftp.EntryUnknown || e.ModTime.Year() < 1000 || e.ModTime.Year() > 9998 {
			return
		}
		if strings.Contains(e.Owner+e.Group, " ") || e.Type == ftp.EntrySymlink && strings.Contains(e.Target+e.Name, " -> ") {
			return // what ls itself cannot tell apart
		}
		e.Owner, e.Group = "bob", "users"
		e.Facts |= ftp.FactUnixOwner | ftp.FactUnixGroup
		out, err := ftp.AppendList(nil, e.FileInfo(), listNow)
		require.NoError(t, err)
		got, err := ftp.ParseList(out, listNow)
		require.NoError(t, err, "%q", out)
		require.Equal(t, e.Name, got.Name)
		require.Equal(t, e.Type, got.Type)
		require.Equal(t, e.OSType, got.OSType)
		require.Equal(t, e.Target, got.Target)
		require.Equal(t, []string{"bob", "users"}, []string{got.Owner, got.Group})
		if e.Facts.Has(ftp.FactSize) && got.Facts.Has(ftp.FactSize) {
			require.Equal(t, e.Size, got.Size)
		}
		if e.Facts.Has(ftp.FactUnixMode) {
			require.Equal(t, e.Mode, got.Mode)
		}
		if late := e.ModTime.Sub(got.ModTime); e.Facts.Has(ftp.FactModify) {
			require.GreaterOrEqual(t, late, time.Duration(0))
			require.Less(t, late, got.Precision, "%q", out)
		}
	})
}
