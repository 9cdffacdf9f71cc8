package cookie_test

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"

	"applayer/http1/cookie"
	"applayer/internal/testkit"
)

func init() { roles["COOKIE_TEST_FULL"] = fillDisk }

// fillDisk inserts until there is no room, by a limit on the length of files
// that lets the front of a line be written; then there is room again.
func fillDisk(name string) {
	signal.Ignore(syscall.SIGXFSZ)
	d, err := cookie.OpenFileDatabase(context.Background(), name)
	if err != nil {
		panic(err)
	}
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		panic(err)
	}
	room := limit
	room.Cur = 5000
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &room); err != nil {
		panic(err)
	}
	n := 0
	for ; err == nil; n++ {
		_, err = d.Insert(cookie.Record{Key: cookie.Key{byte(n)}, Data: make([]byte, 1000)})
	}
	fmt.Println(n-1, d.Len(), err)
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		panic(err)
	}
	_, err = d.Insert(cookie.Record{Key: cookie.Key{99}})
	fmt.Println(err, d.Close())
}

// On a full disk a change fails whole, and the next has a line of its own.
func TestFileDatabaseFullDisk(t *testing.T) {
	name := filepath.Join(t.TempDir(), "db")
	p := testkit.StartEnv(t, []string{"COOKIE_TEST_FULL=" + name}, must(os.Executable()))
	assert.Zero(t, p.Wait(), p.Stderr())
	assert.Equal(t, fmt.Sprintf("3 3 cookie: sessions: write %s: file too large\n<nil> <nil>\n", name), p.Stdout())
	d := openDatabase(t, name)
	assert.Empty(t, d.Damaged())
	assert.Equal(t, 4, d.Len())
}
