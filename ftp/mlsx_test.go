package ftp_test

import (
	"io/fs"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/ftp"
)

func TestParseFacts(t *testing.T) {
	modified := time.Date(1998, 11, 7, 8, 52, 15, 0, time.UTC)
	tests := []struct {
		name, in string
		want     ftp.Entry
	}{
		{
			"3659-7.7.1 a file", "Type=file;Size=1024990;Perm=r; /tmp/cap60.pl198.tar.gz",
			ftp.Entry{Name: "/tmp/cap60.pl198.tar.gz", Facts: ftp.FactType | ftp.FactSize | ftp.FactPerm, Type: ftp.EntryFile, Size: 1024990, Perm: ftp.PermRead},
		},
		{
			"3659-7.7.2 a directory", "Type=dir;Modify=19981107085215;Perm=el; /tmp",
			ftp.Entry{Name: "/tmp", Facts: ftp.FactType | ftp.FactModify | ftp.FactPerm, Type: ftp.EntryDir, ModTime: modified, Precision: time.Second, Perm: ftp.PermEnter | ftp.PermList},
		},
		{
			"3659-7.7.3 no permission at all", "Type=cdir;Perm=; tmp",
			ftp.Entry{Name: "tmp", Facts: ftp.FactType | ftp.FactPerm, Type: ftp.EntryCurrent},
		},
		{
			"3659-7.7.4 no last semicolon", "Type=pdir;Unique=keVO1+d?3 ..",
			ftp.Entry{Name: "..", Facts: ftp.FactType | ftp.FactUnique, Type: ftp.EntryParent, Unique: "keVO1+d?3"},
		},
		{
			"3659-7.7.4 a symbolic link", "Type=OS.unix=slink:/foobar;Perm=; foobar",
			ftp.Entry{Name: "foobar", Facts: ftp.FactType | ftp.FactPerm, Type: ftp.EntrySymlink, Target: "/foobar"},
		},
		{
			"a symbolic link as ProFTPD has it", "type=OS.UNIX=symlink; l",
			ftp.Entry{Name: "l", Facts: ftp.FactType, Type: ftp.EntrySymlink},
		},
		{
			"3659-7.7.4 a device", "Type=OS.unix=chr-13/29; device",
			ftp.Entry{Name: "device", Facts: ftp.FactType, Type: ftp.EntryOther, OSType: "OS.unix=chr-13/29"},
		},
		{
			"3659-7.7.4 a name with a leading space", "Type=file;  leading space",
			ftp.Entry{Name: " leading space", Facts: ftp.FactType, Type: ftp.EntryFile},
		},
		{
			"3659-7.7.4 a name of spaces", "Type=file;    ",
			ftp.Entry{Name: "   ", Facts: ftp.FactType, Type: ftp.EntryFile},
		},
		{
			"3659-7.7.5 a fraction", "Modify=19990929003355.237; file1",
			ftp.Entry{Name: "file1", Facts: ftp.FactModify, ModTime: time.Date(1999, 9, 29, 0, 33, 55, 237e6, time.UTC), Precision: time.Millisecond},
		},
		{"3659-7.9 no facts", " name", ftp.Entry{Name: "name"}},
		{"no name", "type=dir; ", ftp.Entry{Facts: ftp.FactType, Type: ftp.EntryDir}},
		{
			"all there is", "type=file;size=1;modify=19981107085215;create=19981107085215;perm=AWDRF;unique=1;lang=en-US;media-type=text/plain;charset=UTF-8;UNIX.mode=04755;UNIX.uid=1000;UNIX.gid=100;UNIX.owner=bob;UNIX.group=users;X.a=b; n",
			ftp.Entry{
				Name: "n", Facts: ftp.FactsAll, Type: ftp.EntryFile, Size: 1, ModTime: modified, Precision: time.Second, CreateTime: modified,
				Perm:   ftp.PermAppend | ftp.PermWrite | ftp.PermDelete | ftp.PermRead | ftp.PermRename,
				Unique: "1", Lang: "en-US", MediaType: "text/plain", Charset: "UTF-8", Mode: 0o755 | fs.ModeSetuid,
				UID: 1000, GID: 100, Owner: "bob", Group: "users", Other: []ftp.Fact{{Name: "X.a", Value: "b"}},
			},
		},
		{
			"names of owners as ProFTPD has them", "UNIX.group=100;UNIX.groupname=users;UNIX.owner=1000;UNIX.ownername=bob; n",
			ftp.Entry{Name: "n", Facts: ftp.FactUnixOwner | ftp.FactUnixGroup, Owner: "bob", Group: "users"},
		},
		{
			"numbers do not replace names", "UNIX.ownername=bob;UNIX.owner=1000; n",
			ftp.Entry{Name: "n", Facts: ftp.FactUnixOwner, Owner: "bob"},
		},
		{
			"a size of a directory as Pure-FTPd has it", "type=dir;sizd=4096; d",
			ftp.Entry{Name: "d", Facts: ftp.FactType, Type: ftp.EntryDir, Other: []ftp.Fact{{Name: "sizd", Value: "4096"}}},
		},
		{"facts without value", "size=;modify=;type=; n", ftp.Entry{Name: "n"}},
		{"octets that are no UTF-8", "type=file; \xff\xfe", ftp.Entry{Name: "\xff\xfe", Facts: ftp.FactType, Type: ftp.EntryFile}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e, err := ftp.ParseFacts([]byte(tt.in))
			assert.NoError(t, err)
			assert.Equal(t, tt.want, e)
		})
	}
}

func TestParseFactsErrors(t *testing.T) {
	tests := []struct {
		name, in string
		at       int64
		what     string
		err      error
	}{
		{"nothing", "", 0, "entry", ftp.ErrSyntax},
		{"no space", "type=file;name", 14, "entry", ftp.ErrSyntax},
		{"CR", "type=file; a\rb", 12, "entry", ftp.ErrControlOctet},
		{"LF", "type=file;\n a\r", 10, "entry", ftp.ErrControlOctet},
		{"NUL", "\x00", 0, "entry", ftp.ErrControlOctet},
		{"a title", "total 5", 0, "fact", ftp.ErrSyntax},
		{"a fact without name", "type=file;=1; n", 10, "fact", ftp.ErrSyntax},
		{"an empty fact", "type=file;; n", 10, "fact", ftp.ErrSyntax},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e, err := ftp.ParseFacts([]byte(tt.in))
			assert.Equal(t, &ftp.ParseError{Offset: tt.at, What: tt.what, Ref: "RFC 3659 §7.2", Err: tt.err}, err)
			assert.Zero(t, e)
		})
	}
}

// A value that cannot be is not the end of the entry, nor of the listing that it
// stands in: the fact counts as not told, and can be looked at.
func TestParseFactsBadValues(t *testing.T) {
	tests := []struct{ name, fact, value string }{
		{"a negative size", "size", "-1"},
		{"a size of too many digits", "size", "9223372036854775808"},
		{"a size with more behind", "size", "12k"},
		{"no time", "modify", "00000000000000"},
		{"a month too many", "modify", "20261301000000"},
		{"a day that is not", "create", "20260230000000"},
		{"half a fraction", "modify", "20261121221400."},
		{"a mode in decimal", "UNIX.mode", "999"},
		{"a mode of too many digits", "UNIX.mode", "777777777777777777777777"},
		{"a user who is no number", "UNIX.uid", "bob"},
		{"a user too many", "UNIX.uid", "4294967296"},
		{"a group below zero", "unix.gid", "-2"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			want := ftp.Entry{Name: "n", Facts: ftp.FactType, Type: ftp.EntryFile, Other: []ftp.Fact{{Name: tt.fact, Value: tt.value}}}
			e, err := ftp.ParseFacts([]byte(tt.fact + "=" + tt.value + ";type=file; n"))
			require.NoError(t, err)
			assert.Equal(t, want, e)
		})
	}
	e, err := ftp.ParseFacts([]byte("size=5;size=x; n"))
	require.NoError(t, err)
	assert.Zero(t, e.Size, "the later one counts")
	assert.False(t, e.Facts.Has(ftp.FactSize))
}

func TestAppendFacts(t *testing.T) {
	when := time.Date(1998, 11, 7, 8, 52, 15, 0, time.UTC)
	full := ftp.Entry{
		Name: " two words", Facts: ftp.FactsAll, Type: ftp.EntryFile, Size: 12, ModTime: when, CreateTime: when, Perm: ftp.PermRead | ftp.PermAppend,
		Unique: "u", Lang: "de", MediaType: "text/plain", Charset: "UTF-8", Mode: 0o640 | fs.ModeSticky | fs.ModeSetgid, UID: 1, GID: 2, Owner: "bob", Group: "users",
	}
	tests := []struct {
		name string
		e    ftp.Entry
		want ftp.Facts
		out  string
	}{
		{"all", full, ftp.FactsAll, "type=file;size=12;modify=19981107085215;create=19981107085215;perm=ar;unique=u;lang=de;media-type=text/plain;charset=UTF-8;UNIX.mode=03640;UNIX.uid=1;UNIX.gid=2;UNIX.owner=bob;UNIX.group=users;  two words"},
		{"those wanted", full, ftp.FactSize | ftp.FactType, "type=file;size=12;  two words"},
		{"none wanted", full, 0, "  two words"},
		{"those told", ftp.Entry{Name: "d", Facts: ftp.FactType | ftp.FactPerm, Type: ftp.EntryDir}, ftp.FactsAll, "type=dir;perm=; d"},
		{"a symbolic link", ftp.Entry{Name: "l", Facts: ftp.FactType, Type: ftp.EntrySymlink, Target: "/a/b"}, ftp.FactsAll, "type=OS.unix=slink:/a/b; l"},
		{"a symbolic link to what no fact can hold", ftp.Entry{Name: "l", Facts: ftp.FactType, Type: ftp.EntrySymlink, Target: "a;b"}, ftp.FactsAll, "type=OS.unix=slink; l"},
		{"a device", ftp.Entry{Name: "d", Facts: ftp.FactType, Type: ftp.EntryOther, OSType: "OS.unix=chr"}, ftp.FactsAll, "type=OS.unix=chr; d"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b, err := ftp.AppendFacts([]byte(" "), &tt.e, tt.want)
			assert.NoError(t, err)
			assert.Equal(t, " "+tt.out, string(b))
		})
	}
}

func TestAppendFactsErrors(t *testing.T) {
	tests := []struct {
		name string
		e    ftp.Entry
		err  error
	}{
		{"a name of two lines", ftp.Entry{Name: "a\r\nb"}, ftp.ErrControlOctet},
		{"no type", ftp.Entry{Facts: ftp.FactType}, ftp.ErrValue},
		{"a type that hides another", ftp.Entry{Facts: ftp.FactType, Type: ftp.EntryOther, OSType: "dir"}, ftp.ErrValue},
		{"a negative size", ftp.Entry{Facts: ftp.FactSize, Size: -1}, ftp.ErrValue},
		{"a year of five digits", ftp.Entry{Facts: ftp.FactModify, ModTime: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)}, ftp.ErrValue},
		{"no creation time", ftp.Entry{Facts: ftp.FactCreate}, ftp.ErrValue},
		{"no text", ftp.Entry{Facts: ftp.FactLang}, ftp.ErrValue},
		{"another fact inside", ftp.Entry{Facts: ftp.FactUnique, Unique: "a;type=dir"}, ftp.ErrValue},
		{"a space inside", ftp.Entry{Facts: ftp.FactUnixOwner, Owner: "a b"}, ftp.ErrValue},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b, err := ftp.AppendFacts([]byte("x"), &tt.e, ftp.FactsAll)
			assert.ErrorIs(t, err, tt.err)
			assert.Equal(t, "x", string(b), "nothing is written by halves")
		})
	}
}

func TestFactNames(t *testing.T) {
	all, told := ftp.ParseFactNames("Type*;Size;Modify*;Perm;Unique;UNIX.mode;UNIX.chgd;X.hidden;")
	assert.Equal(t, ftp.FactType|ftp.FactSize|ftp.FactModify|ftp.FactPerm|ftp.FactUnique|ftp.FactUnixMode, all)
	assert.Equal(t, ftp.FactType|ftp.FactModify, told)
	assert.Equal(t, "type;size;modify;perm;unique;UNIX.mode;", all.String())
	assert.Equal(t, "MLST type*;size;modify*;perm;unique;UNIX.mode;", string(all.AppendFeature(nil, told)))
	all, told = ftp.ParseFactNames("")
	assert.Zero(t, all|told)
	all, _ = ftp.ParseFactNames("unix.ownername;UNIX.GroupName")
	assert.Equal(t, ftp.FactUnixOwner|ftp.FactUnixGroup, all)
	assert.Equal(t, "acdeflmprw", (ftp.PermWrite<<1 - 1).String())
}

func TestParseMLST(t *testing.T) {
	reply := func(s string) ftp.Reply {
		r, _, err := ftp.ParseReply([]byte(s), nil)
		assert.NoError(t, err)
		return r
	}
	tests := []struct{ name, in, want string }{
		{"3659-7.7.1", "250- Listing a\r\n type=file; /a\r\n250 End\r\n", "/a"},
		{"3659-7.2 no facts", "250-\r\n  a\r\n250 End\r\n", "a"},
		{"code on each line", "250-Listing\r\n250-type=file; a\r\n250 End\r\n", "a"},
		{"more than one entry", "250-Listing\r\n type=file; a\r\n type=dir; a\r\n250 End\r\n", "a"},
	}
	for _, tt := range tests {
		e, err := ftp.ParseMLST(reply(tt.in))
		assert.NoError(t, err, tt.name)
		assert.Equal(t, tt.want, e.Name, tt.name)
	}
	for _, s := range []string{"250 ok\r\n", "250-a\r\n250 b\r\n", "250-a\r\nb\r\n250 c\r\n"} {
		_, err := ftp.ParseMLST(reply(s))
		assert.ErrorIs(t, err, ftp.ErrSyntax, s)
	}
}
