//go:build !race

package ftp_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"applayer/ftp"
)

// What the work order allows, and what an entry's name and text cost.
func TestWireAllocations(t *testing.T) {
	var (
		buf     = make([]byte, 0, 4096)
		command = []byte("RETR some file.txt")
		reply   = ftp.Reply{Code: 211, Lines: []string{"Features:", " MDTM", "226 padded", "End"}}
		list    = []byte("-rw-r--r--    1 900      900          3000 Nov 02 12:00 octets.bin")
		french  = []byte("-rw-r--r--    1 900      900     1,234,567 3 f\xe9vr. 2024 octets.bin")
		dos     = []byte("11-21-26  10:14PM       <DIR>          some directory")
		eplf    = []byte("+i8388621.44468,m839956783,r,s10376,\ta file")
		facts   = []byte("modify=20261102120000;perm=adfrw;size=34;type=file;UNIX.group=900;UNIX.mode=0644;UNIX.owner=900; readme.txt")
		extra   = []byte("type=dir;sizd=4096;modify=20261102120000; d")
	)
	entry, err := ftp.ParseFacts(facts)
	assert.NoError(t, err)
	fi := entry.FileInfo()
	tests := []struct {
		name string
		most float64
		do   func() error
	}{
		{"parse a command", 0, func() error { _, err := ftp.ParseCommand(command); return err }},
		{"write a command", 0, func() error {
			_, err := ftp.AppendCommand(buf, ftp.Command{Verb: ftp.VerbRETR, Arg: command[5:]})
			return err
		}},
		{"write a reply", 0, func() error { _, err := ftp.AppendReply(buf, reply); return err }},
		{"list of Unix", 1, func() error { _, err := ftp.ParseList(list, listNow); return err }},
		{"list in French", 2, func() error { _, err := ftp.ParseList(french, listNow); return err }},
		{"list of DOS", 1, func() error { _, err := ftp.ParseList(dos, listNow); return err }},
		{"list of EPLF", 1, func() error { _, err := ftp.ParseList(eplf, listNow); return err }},
		{"write a list", 0, func() error { _, err := ftp.AppendList(buf, fi, listNow); return err }},
		{"parse facts", 1, func() error { _, err := ftp.ParseFacts(facts); return err }},
		{"parse other facts", 2, func() error { _, err := ftp.ParseFacts(extra); return err }},
		{"write facts", 0, func() error { _, err := ftp.AppendFacts(buf, &entry, ftp.FactsAll); return err }},
	}
	for _, tt := range tests {
		got := testing.AllocsPerRun(100, func() {
			if err := tt.do(); err != nil {
				t.Error(tt.name, err)
			}
		})
		assert.LessOrEqual(t, got, tt.most, tt.name)
	}
}

func BenchmarkParseList(b *testing.B) {
	line := []byte("-rw-r--r--    1 900      900          3000 Nov 02 12:00 octets.bin")
	b.SetBytes(int64(len(line)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ftp.ParseList(line, listNow); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseFacts(b *testing.B) {
	line := []byte("modify=20261102120000;perm=adfrw;size=34;type=file;UNIX.group=900;UNIX.mode=0644;UNIX.owner=900; readme.txt")
	b.SetBytes(int64(len(line)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ftp.ParseFacts(line); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseCommand(b *testing.B) {
	line := []byte("RETR some file.txt")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ftp.ParseCommand(line); err != nil {
			b.Fatal(err)
		}
	}
}
