package ftp_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"applayer/ftp"
	"applayer/internal/golden"
)

// Everything that vsftpd, ProFTPD, Pure-FTPd and inetutils' ftpd listed or
// answered to PASV and EPSV in the captures is read, and nothing of it is left
// over but the sizes that Pure-FTPd tells of directories.
func TestCaptured(t *testing.T) {
	forms := []struct {
		form  *regexp.Regexp
		least int // how many different lines of it there are
		check func(line string)
	}{
		{regexp.MustCompile(`^[-dlbcps][-rwxsStT]{9}`), 50, func(line string) {
			e, err := ftp.ParseList([]byte(line), listNow)
			assert.NoError(t, err, "%q", line)
			assert.True(t, e.Facts.Has(ftp.FactType|ftp.FactModify|ftp.FactUnixMode|ftp.FactUnixOwner|ftp.FactUnixGroup), "%q", line)
			assert.NotContains(t, e.Name, " -> ")
		}},
		{regexp.MustCompile(`^ ?[A-Za-z.]+=[^ ]*; `), 50, func(line string) {
			e, err := ftp.ParseFacts([]byte(strings.TrimPrefix(line, " ")))
			assert.NoError(t, err, "%q", line)
			assert.True(t, e.Facts.Has(ftp.FactType|ftp.FactModify|ftp.FactUnixMode), "%q", line)
			for _, f := range e.Other {
				assert.Equal(t, "sizd", f.Name)
			}
		}},
		{regexp.MustCompile(`^227 `), 50, func(line string) {
			ap, err := ftp.Parse227(line[4:])
			assert.NoError(t, err, "%q", line)
			assert.Equal(t, "127.0.0.1", ap.Addr().String())
		}},
		{regexp.MustCompile(`^229 `), 10, func(line string) {
			_, err := ftp.Parse229(line[4:])
			assert.NoError(t, err, "%q", line)
		}},
	}
	seen := map[string]bool{}
	count := make([]int, len(forms))
	for stream := range golden.Streams(t, "testdata/golden") {
		for line := range strings.SplitSeq(string(stream), "\n") {
			line = strings.TrimSuffix(line, "\r")
			if seen[line] {
				continue
			}
			seen[line] = true
			for i, f := range forms {
				if f.form.MatchString(line) {
					count[i]++
					f.check(line)
				}
			}
		}
	}
	for i, f := range forms {
		assert.GreaterOrEqual(t, count[i], f.least, "%v", f.form)
	}
}
