package ftp_test

import (
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/ftp"
)

// listNow is when the listings of these tests were made, in the server's zone.
var listNow = time.Date(2026, time.November, 21, 22, 30, 0, 0, time.FixedZone("server", 3600))

// at is a time in the server's zone.
func at(year int, month time.Month, day, hour, minute int) time.Time {
	return time.Date(year, month, day, hour, minute, 0, 0, listNow.Location())
}

// show tells an entry in short: type, size, time, precision, mode and owners.
func show(e ftp.Entry) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%v", e.Type)
	if e.Facts.Has(ftp.FactSize) {
		fmt.Fprintf(&b, " %d", e.Size)
	}
	if e.Facts.Has(ftp.FactModify) {
		fmt.Fprintf(&b, " %s/%v", e.ModTime.Format("2006-01-02T15:04:05Z07"), e.Precision)
	}
	if e.Facts.Has(ftp.FactUnixMode) {
		fmt.Fprintf(&b, " %v", e.Mode)
	}
	if e.Links > 0 {
		fmt.Fprintf(&b, " x%d", e.Links)
	}
	if e.Facts.Has(ftp.FactUnixOwner) {
		fmt.Fprintf(&b, " by %s", e.Owner)
	}
	if e.Facts.Has(ftp.FactUnixGroup) {
		fmt.Fprintf(&b, ":%s", e.Group)
	}
	if fmt.Fprintf(&b, " %q", e.Name); e.Target != "" {
		fmt.Fprintf(&b, " -> %q", e.Target)
	}
	return b.String()
}

func TestParseList(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"vsftpd", "-rw-r--r--    1 900      900          3000 Nov 02 12:00 octets.bin", `file 3000 2026-11-02T12:00:00+01/1m0s -rw-r--r-- x1 by 900:900 "octets.bin"`},
		{"vsftpd, an old file", "-rw-r--r--    1 900      900          1492 Feb 03  2025 numbers.txt", `file 1492 2025-02-03T00:00:00+01/24h0m0s -rw-r--r-- x1 by 900:900 "numbers.txt"`},
		{"Pure-FTPd", "-rw-r--r--    1 900        student            34 Nov  2 12:00 readme.txt", `file 34 2026-11-02T12:00:00+01/1m0s -rw-r--r-- x1 by 900:student "readme.txt"`},
		{"a directory", "drwxr-xr-x   2 student  student        80 Nov  2 12:00 music", `dir 2026-11-02T12:00:00+01/1m0s -rwxr-xr-x x2 by student:student "music"`},
		{"the directory itself", "drwxr-xr-x   2 a  a        80 Nov  2 12:00 .", `cdir 2026-11-02T12:00:00+01/1m0s -rwxr-xr-x x2 by a:a "."`},
		{"the one above", "drwxr-xr-x   2 a  a        80 Nov  2 12:00 ..", `pdir 2026-11-02T12:00:00+01/1m0s -rwxr-xr-x x2 by a:a ".."`},
		{"a symbolic link", "lrwxrwxrwx    1 900      900            10 Nov 02 12:00 link -> readme.txt", `symlink 10 2026-11-02T12:00:00+01/1m0s -rwxrwxrwx x1 by 900:900 "link" -> "readme.txt"`},
		{"an arrow in a link's name", "lrwxrwxrwx 1 a a 1 Nov  2 12:00 b -> c -> d", `symlink 1 2026-11-02T12:00:00+01/1m0s -rwxrwxrwx x1 by a:a "b -> c" -> "d"`},
		{"an arrow in a link's target", "lrwxrwxrwx 1 a a 6 Nov  2 12:00 b -> c -> d", `symlink 6 2026-11-02T12:00:00+01/1m0s -rwxrwxrwx x1 by a:a "b" -> "c -> d"`},
		{"a link whose size tells nothing", "lrwxrwxrwx 1 a a 99 Nov  2 12:00 b -> c", `symlink 99 2026-11-02T12:00:00+01/1m0s -rwxrwxrwx x1 by a:a "b" -> "c"`},
		{"a link whose name is an arrow", "lrwxrwxrwx 1 a a 1 Nov  2 12:00  -> b", `symlink 1 2026-11-02T12:00:00+01/1m0s -rwxrwxrwx x1 by a:a " -> b"`},
		{"a link without target", "lrwxrwxrwx 1 a a 99 Nov  2 12:00 b", `symlink 99 2026-11-02T12:00:00+01/1m0s -rwxrwxrwx x1 by a:a "b"`},
		{"an arrow in a file's name", "-rw-r--r-- 1 a a 1 Nov  2 12:00 b -> c", `file 1 2026-11-02T12:00:00+01/1m0s -rw-r--r-- x1 by a:a "b -> c"`},
		{"spaces around a name", "-rw-r--r-- 1 a a 1 Nov  2 12:00   two words ", `file 1 2026-11-02T12:00:00+01/1m0s -rw-r--r-- x1 by a:a "  two words "`},
		{"a name like a date", "-rw-r--r-- 1 a a 1 Nov  2 12:00 5 Nov  2 12:00 x", `file 1 2026-11-02T12:00:00+01/1m0s -rw-r--r-- x1 by a:a "5 Nov  2 12:00 x"`},
		{"a name of digits", "-rw-r--r-- 1 a a 1 Nov  2 12:00 2026", `file 1 2026-11-02T12:00:00+01/1m0s -rw-r--r-- x1 by a:a "2026"`},
		{"no group", "-rw-r--r--   1 bob          12 Nov 02 12:00 a", `file 12 2026-11-02T12:00:00+01/1m0s -rw-r--r-- x1 by bob "a"`},
		{"no owners", "-rw-r--r--   1          12 Nov 02 12:00 a", `file 12 2026-11-02T12:00:00+01/1m0s -rw-r--r-- x1 "a"`},
		{"no links either", "-rw-r--r--     12 Nov 02 12:00 a", `file 12 2026-11-02T12:00:00+01/1m0s -rw-r--r-- "a"`},
		{"a word for links", "drwxrwxr-x               folder        2 May 10  1996 network", `dir 1996-05-10T00:00:00+01/24h0m0s -rwxrwxr-x by folder "network"`},
		{"a group with spaces", `-rw-r--r-- 1 DOM\bob DOM\Domain Users 12 Nov 02 12:00 a`, `file 12 2026-11-02T12:00:00+01/1m0s -rw-r--r-- x1 by DOM\bob:DOM\Domain Users "a"`},
		{"an inode", " 131073 -rw-r--r-- 1 a a 12 Nov 02 12:00 b", `file 12 2026-11-02T12:00:00+01/1m0s -rw-r--r-- x1 by a:a "b"`},
		{"an inode and blocks", "131073 4 -rw-r--r-- 1 a a 12 Nov 02 12:00 b", `file 12 2026-11-02T12:00:00+01/1m0s -rw-r--r-- x1 by a:a "b"`},
		{"an ACL", "-rw-rw-r--+ 1 a a 12 Nov 02 12:00 b", `file 12 2026-11-02T12:00:00+01/1m0s -rw-rw-r-- x1 by a:a "b"`},
		{"an SELinux context", "-rw-rw-r--. 1 a a 12 Nov 02 12:00 b", `file 12 2026-11-02T12:00:00+01/1m0s -rw-rw-r-- x1 by a:a "b"`},
		{"attributes of macOS", "-rw-rw-r--@ 1 a a 12 Nov 02 12:00 b", `file 12 2026-11-02T12:00:00+01/1m0s -rw-rw-r-- x1 by a:a "b"`},
		{"links that touch the mode", "drwxr-xr-x12345 a a 12 Nov 02 12:00 b", `dir 2026-11-02T12:00:00+01/1m0s -rwxr-xr-x x12345 by a:a "b"`},
		{"a device", "brw-rw----   1 root     disk       8,   1 Nov 02 12:00 sda1", `other 2026-11-02T12:00:00+01/1m0s -rw-rw---- x1 by root:disk "sda1"`},
		{"a device in one field", "crw-rw-rw-   1 root     sys        1,3 Nov 02 12:00 null", `other 2026-11-02T12:00:00+01/1m0s -rw-rw-rw- x1 by root:sys "null"`},
		{"a pipe", "prw-r--r-- 1 a a 0 Nov 02 12:00 p", `other 2026-11-02T12:00:00+01/1m0s -rw-r--r-- x1 by a:a "p"`},
		{"setuid, setgid and sticky", "-rwsr-Sr-t 1 a a 0 Nov 02 12:00 b", `file 0 2026-11-02T12:00:00+01/1m0s ugtrwxr--r-x x1 by a:a "b"`},
		{"locking", "-rw-r-lr-T 1 a a 0 Nov 02 12:00 b", `file 0 2026-11-02T12:00:00+01/1m0s trw-r--r-- x1 by a:a "b"`},
		{"a size with commas", "-rw-r--r-- 1 a a 1,234,567 Nov 02 12:00 b", `file 1234567 2026-11-02T12:00:00+01/1m0s -rw-r--r-- x1 by a:a "b"`},
		{"a size for people", "-rw-r--r-- 1 a a 1.2M Nov 02 12:00 b", `file 2026-11-02T12:00:00+01/1m0s -rw-r--r-- x1 by a:a "b"`},
		{"the largest size", "-rw-r--r-- 1 a a 9223372036854775807 Nov 02 12:00 b", `file 9223372036854775807 2026-11-02T12:00:00+01/1m0s -rw-r--r-- x1 by a:a "b"`},

		{"the last minute", "-rw-r--r-- 1 a a 1 Nov 21 22:30 b", `file 1 2026-11-21T22:30:00+01/1m0s -rw-r--r-- x1 by a:a "b"`},
		{"a clock that is fast", "-rw-r--r-- 1 a a 1 Nov 22 22:30 b", `file 1 2026-11-22T22:30:00+01/1m0s -rw-r--r-- x1 by a:a "b"`},
		{"a date to come was last year", "-rw-r--r-- 1 a a 1 Nov 23 12:00 b", `file 1 2025-11-23T12:00:00+01/1m0s -rw-r--r-- x1 by a:a "b"`},
		{"a leap day", "-rw-r--r-- 1 a a 1 Feb 29 12:00 b", `file 1 2024-02-29T12:00:00+01/1m0s -rw-r--r-- x1 by a:a "b"`},
		{"an hour of one digit", "-rw-r--r-- 1 a a 1 Nov  2 8:05 b", `file 1 2026-11-02T08:05:00+01/1m0s -rw-r--r-- x1 by a:a "b"`},
		{"seconds and year of BSD", "-rw-r--r-- 1 a a 1 Nov  2 12:00:05 2026 b", `file 1 2026-11-02T12:00:05+01/1s -rw-r--r-- x1 by a:a "b"`},
		{"seconds alone", "-rw-r--r-- 1 a a 1 Nov  2 12:00:05 b", `file 1 2026-11-02T12:00:05+01/1s -rw-r--r-- x1 by a:a "b"`},
		{"GNU long-iso", "-rw-r--r-- 1 a a 1 2026-11-02 12:00 b", `file 1 2026-11-02T12:00:00+01/1m0s -rw-r--r-- x1 by a:a "b"`},
		{"GNU full-iso", "-rw-r--r-- 1 a a 1 2026-11-02 12:00:05.500000000 -0200 b", `file 1 2026-11-02T12:00:05-02/1ns -rw-r--r-- x1 by a:a "b"`},
		{"GNU iso", "-rw-r--r-- 1 a a 1 11-02 12:00 b", `file 1 2026-11-02T12:00:00+01/1m0s -rw-r--r-- x1 by a:a "b"`},
		{"GNU iso, an old file", "-rw-r--r-- 1 a a 1 2025-11-02   b", `file 1 2025-11-02T00:00:00+01/24h0m0s -rw-r--r-- x1 by a:a " b"`},
		{"the day first", "-rw-r--r-- 1 a a 1 2. Nov 12:00 b", `file 1 2026-11-02T12:00:00+01/1m0s -rw-r--r-- x1 by a:a "b"`},

		{"English in full", "-rw-r--r-- 1 a a 1 September 2 12:00 b", `file 1 2026-09-02T12:00:00+01/1m0s -rw-r--r-- x1 by a:a "b"`},
		{"German", "-rw-r--r-- 1 a a 1 Dez  2 12:00 b", `file 1 2025-12-02T12:00:00+01/1m0s -rw-r--r-- x1 by a:a "b"`},
		{"German in UTF-8", "-rw-r--r-- 1 a a 1  3. Mär 12:00 b", `file 1 2026-03-03T12:00:00+01/1m0s -rw-r--r-- x1 by a:a "b"`},
		{"French in Latin-1", "-rw-r--r-- 1 a a 1 3 f\xe9vr. 2024 b", `file 1 2024-02-03T00:00:00+01/24h0m0s -rw-r--r-- x1 by a:a "b"`},
		{"Spanish", "-rw-r--r-- 1 a a 1 ene  3 12:00 b", `file 1 2026-01-03T12:00:00+01/1m0s -rw-r--r-- x1 by a:a "b"`},
		{"Polish", "-rw-r--r-- 1 a a 1 paź  3 12:00 b", `file 1 2026-10-03T12:00:00+01/1m0s -rw-r--r-- x1 by a:a "b"`},
		{"Russian", "-rw-r--r-- 1 a a 1 окт  3 12:00 b", `file 1 2026-10-03T12:00:00+01/1m0s -rw-r--r-- x1 by a:a "b"`},
		{"Russian, the genitive", "-rw-r--r-- 1 a a 1 мая  3 12:00 b", `file 1 2026-05-03T12:00:00+01/1m0s -rw-r--r-- x1 by a:a "b"`},
		{"Turkish with a capital", "-rw-r--r-- 1 a a 1 Şub  3 12:00 b", `file 1 2026-02-03T12:00:00+01/1m0s -rw-r--r-- x1 by a:a "b"`},
		{"Greek with a capital", "-rw-r--r-- 1 a a 1 Αυγ  3 12:00 b", `file 1 2026-08-03T12:00:00+01/1m0s -rw-r--r-- x1 by a:a "b"`},
		{"Japanese", "-rw-r--r-- 1 a a 1 10月  3日 12:00 b", `file 1 2026-10-03T12:00:00+01/1m0s -rw-r--r-- x1 by a:a "b"`},

		{"German, an old file", "-rw-r--r-- 1 a a 1  3. Mai 2025  b", `file 1 2025-05-03T00:00:00+01/24h0m0s -rw-r--r-- x1 by a:a "b"`},
		{"German, a space before the name", "-rw-r--r-- 1 a a 1  3. Mai 2025   b", `file 1 2025-05-03T00:00:00+01/24h0m0s -rw-r--r-- x1 by a:a " b"`},
		{"Italian", "-rw-r--r-- 1 a a 1 21 nov 22.14 b", `file 1 2026-11-21T22:14:00+01/1m0s -rw-r--r-- x1 by a:a "b"`},
		{"Swedish, an old file", "-rw-r--r-- 1 a a 1  3 maj  2025 b", `file 1 2025-05-03T00:00:00+01/24h0m0s -rw-r--r-- x1 by a:a "b"`},
		{"Czech", "-rw-r--r-- 1 a a 1 21.\u00a0lis 22.14 b", `file 1 2026-11-21T22:14:00+01/1m0s -rw-r--r-- x1 by a:a "b"`},
		{"Czech, an old file", "-rw-r--r-- 1 a a 1  3.\u00a0kvě  2025 b", `file 1 2025-05-03T00:00:00+01/24h0m0s -rw-r--r-- x1 by a:a "b"`},
		{"Hungarian", "-rw-r--r-- 1 a a 1 nov   21 22.14 b", `file 1 2026-11-21T22:14:00+01/1m0s -rw-r--r-- x1 by a:a "b"`},
		{"Hungarian, an old file", "-rw-r--r-- 1 a a 1 2025 máj    3 b", `file 1 2025-05-03T00:00:00+01/24h0m0s -rw-r--r-- x1 by a:a "b"`},
		{"Finnish", "-rw-r--r-- 1 a a 1 21.11. 22:14 b", `file 1 2026-11-21T22:14:00+01/1m0s -rw-r--r-- x1 by a:a "b"`},
		{"Finnish, an old file", "-rw-r--r-- 1 a a 1  3. 5.  2025 b", `file 1 2025-05-03T00:00:00+01/24h0m0s -rw-r--r-- x1 by a:a "b"`},
		{"Catalan", "-rw-r--r-- 1 a a 1 21 de nov.  22:14 b", `file 1 2026-11-21T22:14:00+01/1m0s -rw-r--r-- x1 by a:a "b"`},
		{"Catalan with a vowel", "-rw-r--r-- 1 a a 1  3 d’ag.    12:00 b", `file 1 2026-08-03T12:00:00+01/1m0s -rw-r--r-- x1 by a:a "b"`},
		{"Serbian", "-rw-r--r-- 1 a a 1 21. нов. у 22:14 b", `file 1 2026-11-21T22:14:00+01/1m0s -rw-r--r-- x1 by a:a "b"`},
		{"Serbian, an old file", "-rw-r--r-- 1 a a 1  3. мај. 2025. b", `file 1 2025-05-03T00:00:00+01/24h0m0s -rw-r--r-- x1 by a:a "b"`},
		{"Chinese", "-rw-r--r-- 1 a a 1 11月21日 22:14 b", `file 1 2026-11-21T22:14:00+01/1m0s -rw-r--r-- x1 by a:a "b"`},
		{"Chinese, an old file", "-rw-r--r-- 1 a a 1 2025年 5月 3日 b", `file 1 2025-05-03T00:00:00+01/24h0m0s -rw-r--r-- x1 by a:a "b"`},
		{"Korean, an old file", "-rw-r--r-- 1 a a 1 2025년  5월  3일 b", `file 1 2025-05-03T00:00:00+01/24h0m0s -rw-r--r-- x1 by a:a "b"`},
		{"GNU full-iso, a zone that is none", "-rw-r--r-- 1 a a 1 2026-11-02 12:00:05.5 +0x00 b", `file 1 2026-11-02T12:00:05+01/100ms -rw-r--r-- x1 by a:a "+0x00 b"`},
		{"GNU full-iso, a name for the zone", "-rw-r--r-- 1 a a 1 2026-11-02 12:00:05.5 +abcd b", `file 1 2026-11-02T12:00:05+01/100ms -rw-r--r-- x1 by a:a "+abcd b"`},
		{"a size like a year", "-rw-r--r-- 1 900 900 2026 Nov 21 22:14 b", `file 2026 2026-11-21T22:14:00+01/1m0s -rw-r--r-- x1 by 900:900 "b"`},
		{"a name like a clock", "-rw-r--r-- 1 a a 1 2025-11-02  22.04", `file 1 2025-11-02T00:00:00+01/24h0m0s -rw-r--r-- x1 by a:a "22.04"`},

		{"IIS", "11-21-26  10:14PM                 1234 a file", `file 1234 2026-11-21T22:14:00+01/1m0s "a file"`},
		{"IIS, a directory", "02-03-25  12:05AM       <DIR>          some dir", `dir 2025-02-03T00:05:00+01/1m0s "some dir"`},
		{"IIS, spaces before names", "02-03-25  12:05PM       <DIR>            d", `dir 2025-02-03T12:05:00+01/1m0s "  d"`},
		{"IIS with four digits", "02-03-2025  12:05PM       <DIR>          d", `dir 2025-02-03T12:05:00+01/1m0s "d"`},
		{"IIS, the first year", "02-03-70  22:05                 7 a", `file 7 1970-02-03T22:05:00+01/1m0s "a"`},
		{"IIS, the last one", "02-03-69  22:05                 7 a", `file 7 2069-02-03T22:05:00+01/1m0s "a"`},
		{"IIS with 24 hours", "02-03-98  22:05                 7  leading", `file 7 1998-02-03T22:05:00+01/1m0s " leading"`},
		{"DOS", "11/21/2026  10:14 PM         1,234,567 a", `file 1234567 2026-11-21T22:14:00+01/1m0s "a"`},
		{"DOS, German", "21.11.2026  22:14    <DIR>          d", `dir 2026-11-21T22:14:00+01/1m0s "d"`},
		{"DOS, ISO", "2026-11-21  22:14    <DIR> d", `dir 2026-11-21T22:14:00+01/1m0s "d"`},
		{"DOS, a junction", `11/21/2026  10:14 PM    <JUNCTION>     j [C:\x]`, `symlink 2026-11-21T22:14:00+01/1m0s "j" -> "C:\\x"`},
		{"DOS, the directory itself", "11/21/2026  10:14 PM    <DIR>          .", `cdir 2026-11-21T22:14:00+01/1m0s "."`},

		{"EPLF, a directory", "+i8388621.29609,m824255902,/,\tdev", `dir 1996-02-13T23:58:22Z/1s "dev"`},
		{"EPLF, a file", "+i8388621.44468,m839956783,r,s10376,\ta file", `file 10376 1996-08-13T17:19:43Z/1s "a file"`},
		{"EPLF, a mode and what nobody knows", "+up644,x,,r,\ta", `file -rw-r--r-- "a"`},
		{"EPLF, nothing told", "+\ta\tb", `unknown "a\tb"`},

		{"NetWare", "d [R----F--] supervisor            512       Jan 16 18:53    login", `dir 2026-01-16T18:53:00+01/1m0s by supervisor "login"`},
		{"NetWare, a file", "- [R----F--] rhesus             214059       Oct 20 15:27    cx.exe", `file 214059 2026-10-20T15:27:00+01/1m0s by rhesus "cx.exe"`},
		{"NetWare without a space", "-[RWCEAFMS] a 1 Oct 20 2020 b", `file 1 2020-10-20T00:00:00+01/24h0m0s by a "b"`},
		{"VMS", "README.TXT;4       18/20     10-APR-2000 10:36:14  [ANONYMOUS]  (RWED,RWED,RE,)", `file 2000-04-10T10:36:14+01/1s "README.TXT"`},
		{"VMS, a directory", "CORE.DIR;1          1  8-SEP-1996 16:09 [SYSTEM] (RWE,RWE,RE,RE)", `dir 1996-09-08T16:09:00+01/1m0s "CORE"`},
		{"MVS, a data set", "WYOSPT 3420   2003/05/21  1  200  FB      80  8053  PS  TEXT.FILE", `file "TEXT.FILE"`},
		{"MVS, a partitioned one", "WPTA01 3290   **NONE**    1    3  FB      80  8053  PO  SOME.LIB", `dir "SOME.LIB"`},
		{"MVS, a member", "BUILD     01.05 2003/04/08 2003/04/25 10:32    24    24     0 JOHN", `file 2003-04-25T10:32:00+01/1m0s "BUILD"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e, err := ftp.ParseList([]byte(tt.in), listNow)
			require.NoError(t, err)
			assert.Equal(t, tt.want, show(e))
		})
	}
}

// There is none in 2100: eight years are the longest way to a leap day.
func TestParseListLeapDay(t *testing.T) {
	e, err := ftp.ParseList([]byte("-rw-r--r-- 1 a a 1 Feb 29 12:00 b"), time.Date(2104, time.January, 15, 0, 0, 0, 0, time.UTC))
	require.NoError(t, err)
	assert.Equal(t, time.Date(2096, time.February, 29, 12, 0, 0, 0, time.UTC), e.ModTime)
}

func TestParseListErrors(t *testing.T) {
	tests := []struct {
		name, in string
		at       int64
		err      error
	}{
		{"nothing", "", 0, ftp.ErrNoEntry},
		{"spaces", "   ", 0, ftp.ErrNoEntry},
		{"total", "total 12", 0, ftp.ErrNoEntry},
		{"total in German, for people", "insgesamt 1,2M", 0, ftp.ErrNoEntry},
		{"total in French", "total 12K", 0, ftp.ErrNoEntry},
		{"another directory", "./music:", 0, ftp.ErrNoEntry},
		{"an hour too many, with a point", "-rw-r--r-- 1 a a 1 21 nov 24.00 b", 0, ftp.ErrSyntax},
		{"a minute too many, with a point", "-rw-r--r-- 1 a a 1 21 nov 23.60 b", 0, ftp.ErrSyntax},
		{"a month too long for one", "-rw-r--r-- 1 a a 1 2 Novemberrrrrrrrrrrrr 12:00 b", 0, ftp.ErrSyntax},
		{"a mode too short", "1234 -rw-r--r- 1 a a 1 21 nov 22:14 b", 0, ftp.ErrSyntax},
		{"numbers alone", "1 2 3 4 5", 0, ftp.ErrSyntax},
		{"a month too many, in digits", "-rw-r--r-- 1 a a 1 21.13. 22:14 b", 0, ftp.ErrSyntax},
		{"a month too many, in Chinese", "-rw-r--r-- 1 a a 1 13月21日 22:14 b", 0, ftp.ErrSyntax},
		{"a year and no day", "-rw-r--r-- 1 a a 1 2026 nov", 0, ftp.ErrSyntax},
		{"a day that is not, in digits", "-rw-r--r-- 1 a a 1 30. 2. 2025 b", 0, ftp.ErrSyntax},
		{"a month without its point", "-rw-r--r-- 1 a a 1 3. 5 2025 b", 0, ftp.ErrSyntax},
		{"another directory with spaces", "./my old music 12:", 0, ftp.ErrNoEntry},
		{"half of NetWare", "d1234567] a 1 Oct 20 2020 b", 0, ftp.ErrSyntax},
		{"the head of VMS", "Directory DISK$PCSA:[ANONYMOUS]", 0, ftp.ErrNoEntry},
		{"the foot of VMS", "Total of 5 files, 17/20 blocks.", 0, ftp.ErrNoEntry},
		{"the head of MVS", "Volume Unit    Referred Ext Used Recfm Lrecl BlkSz Dsorg Dsname", 0, ftp.ErrNoEntry},
		{"LF", "-rw-r--r-- 1 a a 1 Nov  2 12:00 b\nc", 33, ftp.ErrControlOctet},
		{"CR", "\r", 0, ftp.ErrControlOctet},
		{"NUL", "a\x00", 1, ftp.ErrControlOctet},
		{"a name alone", "readme.txt", 0, ftp.ErrSyntax},
		{"a sentence", "this is not a listing at all", 0, ftp.ErrSyntax},
		{"a mode alone", "-rw-r--r--", 0, ftp.ErrSyntax},
		{"no name", "-rw-r--r-- 1 a a 1 Nov  2 12:00", 0, ftp.ErrSyntax},
		{"no name but a space", "-rw-r--r-- 1 a a 1 Nov  2 12:00 ", 0, ftp.ErrSyntax},
		{"no such type", "xrw-r--r-- 1 a a 1 Nov  2 12:00 b", 0, ftp.ErrSyntax},
		{"no such permission", "-rw-r-?r-- 1 a a 1 Nov  2 12:00 b", 0, ftp.ErrSyntax},
		{"no such permission to read", "-xw-r--r-- 1 a a 1 Nov  2 12:00 b", 0, ftp.ErrSyntax},
		{"no such month", "-rw-r--r-- 1 a a 1 Foo  2 12:00 b", 0, ftp.ErrSyntax},
		{"a month of many letters", "-rw-r--r-- 1 a a 1 Novembernovember  2 12:00 b", 0, ftp.ErrSyntax},
		{"no such day", "-rw-r--r-- 1 a a 1 Nov 32 12:00 b", 0, ftp.ErrSyntax},
		{"the 30th of February", "-rw-r--r-- 1 a a 1 Feb 30 12:00 b", 0, ftp.ErrSyntax},
		{"the 30th of February, with a year", "-rw-r--r-- 1 a a 1 Feb 30 2025 b", 0, ftp.ErrSyntax},
		{"no such hour", "-rw-r--r-- 1 a a 1 Nov  2 24:00 b", 0, ftp.ErrSyntax},
		{"no such minute", "-rw-r--r-- 1 a a 1 Nov  2 12:60 b", 0, ftp.ErrSyntax},
		{"one digit for seconds", "-rw-r--r-- 1 a a 1 Nov  2 12:00:5 b", 0, ftp.ErrSyntax},
		{"the year 0", "-rw-r--r-- 1 a a 1 0000-11-02 12:00 b", 0, ftp.ErrSyntax},
		{"letters for a month", "-rw-r--r-- 1 a a 1 2026-xx-02 12:00 b", 0, ftp.ErrSyntax},
		{"not DOS after a mode", "-rw-r--r-- 11-21-26 10:14PM <DIR> b", 0, ftp.ErrSyntax},
		{"IIS, month 13", "13-21-26  10:14PM       <DIR>          b", 0, ftp.ErrSyntax},
		{"IIS, hour 13 PM", "11-21-26  13:14PM       <DIR>          b", 0, ftp.ErrSyntax},
		{"IIS, no such kind", "11-21-26  10:14PM       <FILE>          b", 0, ftp.ErrSyntax},
		{"IIS, no name", "11-21-26  10:14PM       <DIR>", 0, ftp.ErrSyntax},
		{"IIS, no size", "11-21-26  10:14PM       b", 0, ftp.ErrSyntax},
		{"IIS, three digits", "11-21-126  10:14PM       <DIR> b", 0, ftp.ErrSyntax},
		{"IIS, two separators", "11-21.26  10:14PM       <DIR> b", 0, ftp.ErrSyntax},
		{"IIS, no such separator", "11:21:26  10:14PM       <DIR> b", 0, ftp.ErrSyntax},
		{"IIS, no time", "11-21-26  <DIR> b", 0, ftp.ErrSyntax},
		{"EPLF, no tab", "+r,s1,a", 7, ftp.ErrSyntax},
		{"EPLF, no name", "+r,s1,\t", 7, ftp.ErrSyntax},
		{"EPLF, a size that is none", "+r,sx,\ta", 3, ftp.ErrValue},
		{"EPLF, a time too far", "+m99999999999999,\ta", 1, ftp.ErrValue},
		{"EPLF, a mode in decimal", "+up9,\ta", 1, ftp.ErrValue},
		{"NetWare, no such type", "x [R----F--] a 1 Oct 20 2020 b", 0, ftp.ErrSyntax},
		{"NetWare, no date", "d [R----F--] a 1 b", 0, ftp.ErrSyntax},
		{"NetWare, no day", "d [R----F--] a 1 Feb 30 2020 b", 0, ftp.ErrSyntax},
		{"NetWare, no size", "- [R----F--] a x Oct 20 2020 b", 0, ftp.ErrSyntax},
		{"VMS, no date", "README.TXT;4       18/20     10-XXX-2000 10:36:14", 0, ftp.ErrSyntax},
		{"MVS, no time", "BUILD     01.05 2003/04/08 2003/04/25 x    24    24     0 JOHN", 0, ftp.ErrSyntax},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e, err := ftp.ParseList([]byte(tt.in), listNow)
			assert.Equal(t, &ftp.ParseError{Offset: tt.at, What: "list line", Ref: "RFC 959 §4.1.3", Err: tt.err}, err)
			assert.Zero(t, e)
		})
	}
}

// A name of a month is that of one month in all languages.
func TestMonthNames(t *testing.T) {
	seen := map[string]int{}
	for _, names := range ftp.MonthNames {
		months := strings.Fields(names)
		require.Len(t, months, 12, names)
		for i, name := range months {
			if was, ok := seen[name]; ok {
				assert.Equal(t, was, i, "%q", name)
			}
			seen[name] = i
		}
	}
}

func TestAppendList(t *testing.T) {
	files := fstest.MapFS{
		"new":     {Data: []byte("abc"), Mode: 0o644, ModTime: at(2026, time.November, 2, 9, 5)},
		"old":     {Data: []byte("abc"), Mode: 0o644, ModTime: at(2026, time.May, 2, 9, 5)},
		"to come": {Data: []byte("abc"), Mode: 0o644, ModTime: at(2026, time.November, 21, 22, 31)},
		"dir":     {Mode: fs.ModeDir | fs.ModeSetgid | fs.ModeSticky | 0o755, ModTime: listNow},
		"set":     {Mode: fs.ModeSetuid | 0o644, ModTime: listNow},
		"link":    {Mode: fs.ModeSymlink | 0o777, ModTime: listNow},
		"tty":     {Mode: fs.ModeDevice | fs.ModeCharDevice | 0o600, ModTime: listNow},
		"disk":    {Mode: fs.ModeDevice | 0o600, ModTime: listNow},
		"fifo":    {Mode: fs.ModeNamedPipe | 0o600, ModTime: listNow},
		"socket":  {Mode: fs.ModeSocket | 0o600, ModTime: listNow},
		"odd":     {Mode: fs.ModeIrregular | 0o600, ModTime: listNow},
	}
	tests := []struct{ name, want string }{
		{"new", "-rw-r--r--    1 ftp      ftp                 3 Nov  2 09:05 new"},
		{"old", "-rw-r--r--    1 ftp      ftp                 3 May  2  2026 old"},
		{"to come", "-rw-r--r--    1 ftp      ftp                 3 Nov 21  2026 to come"},
		{"dir", "drwxr-sr-t    1 ftp      ftp                 0 Nov 21 22:30 dir"},
		{"set", "-rwSr--r--    1 ftp      ftp                 0 Nov 21 22:30 set"},
		{"link", "lrwxrwxrwx    1 ftp      ftp                 0 Nov 21 22:30 link"},
		{"tty", "crw-------    1 ftp      ftp                 0 Nov 21 22:30 tty"},
		{"disk", "brw-------    1 ftp      ftp                 0 Nov 21 22:30 disk"},
		{"fifo", "prw-------    1 ftp      ftp                 0 Nov 21 22:30 fifo"},
		{"socket", "srw-------    1 ftp      ftp                 0 Nov 21 22:30 socket"},
		{"odd", "?rw-------    1 ftp      ftp                 0 Nov 21 22:30 odd"},
	}
	for _, tt := range tests {
		fi, err := files.Lstat(tt.name)
		require.NoError(t, err)
		b, err := ftp.AppendList([]byte("x"), fi, listNow)
		assert.NoError(t, err)
		assert.Equal(t, "x"+tt.want, string(b))
		e, err := ftp.ParseList(b[1:], listNow)
		require.NoError(t, err)
		assert.Equal(t, tt.name, e.Name, "what is written can be read")
	}
}

func TestAppendListOfEntry(t *testing.T) {
	e := ftp.Entry{
		Name: "l", Facts: ftp.FactType | ftp.FactUnixUID | ftp.FactUnixGID | ftp.FactUnixMode, Type: ftp.EntrySymlink,
		Mode: 0o777, ModTime: at(2026, time.November, 21, 1, 2), UID: 1000, GID: 4294967295, Links: 12345, Size: 123456789012345, Target: "../a b",
	}
	b, err := ftp.AppendList(nil, e.FileInfo(), listNow)
	assert.NoError(t, err)
	assert.Equal(t, "lrwxrwxrwx 12345 1000     4294967295 123456789012345 Nov 21 01:02 l -> ../a b", string(b), "no fields touch")
	e.Owner, e.Group = "bob", "users"
	b, err = ftp.AppendList(nil, e.FileInfo(), listNow)
	assert.NoError(t, err)
	assert.Contains(t, string(b), " bob      users ")

	e.Owner, e.Group = "the owner", "Domain Users"
	b, err = ftp.AppendList(nil, e.FileInfo(), listNow)
	assert.NoError(t, err)
	assert.Contains(t, string(b), " the_owner Domain_Users ", "a column each")
	e = ftp.Entry{Name: "a", Type: ftp.EntryFile, Size: -1, ModTime: listNow}
	b, err = ftp.AppendList(nil, e.FileInfo(), listNow)
	assert.NoError(t, err)
	assert.Equal(t, "-rw-r--r--    1 ftp      ftp                 0 Nov 21 22:30 a", string(b), "no size is below zero")
	b, err = ftp.AppendList([]byte("x"), (&ftp.Entry{}).FileInfo(), listNow)
	assert.ErrorIs(t, err, ftp.ErrName)
	assert.Equal(t, "x", string(b))

	for _, bad := range []ftp.Entry{{Name: "a\r\nb"}, {Name: "a", Type: ftp.EntrySymlink, Target: "\n"}, {Name: "a", Owner: "\x00"}, {Name: "a", Group: "\r"}} {
		b, err := ftp.AppendList([]byte("x"), bad.FileInfo(), listNow)
		assert.ErrorIs(t, err, ftp.ErrControlOctet)
		assert.Equal(t, "x", string(b))
	}
}
