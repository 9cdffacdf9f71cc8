package cookie_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/http1/cookie"
	"applayer/internal/testkit"
)

// roles are what the test program plays in place of its tests, as another
// process, where the variable is set in the environment: to a file's name.
var roles = map[string]func(name string){
	"COOKIE_TEST_HOLD":   holdJar,
	"COOKIE_TEST_INSERT": insertForEver,
}

func TestMain(m *testing.M) {
	for variable, play := range roles {
		if name := os.Getenv(variable); name != "" {
			play(name)
			return
		}
	}
	os.Exit(m.Run())
}

// holdJar has a jar open until it is killed.
func holdJar(name string) {
	if _, err := cookie.OpenFileJar(context.Background(), name, nil); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println("open")
	select {}
}

// insertForEver prints what it has inserted until it is killed.
func insertForEver(name string) {
	d, err := cookie.OpenFileDatabase(context.Background(), name)
	for i := 0; err == nil; i++ {
		_, err = d.Insert(cookie.Record{Key: cookie.Key{byte(i >> 8), byte(i)}, Data: make([]byte, 1000)})
		fmt.Println(i)
	}
	fmt.Println(err)
	os.Exit(1)
}

// What was promised to a process that is killed then is there.
func TestFileDatabaseKilled(t *testing.T) {
	name := filepath.Join(t.TempDir(), "db")
	p := testkit.StartEnv(t, []string{"COOKIE_TEST_INSERT=" + name}, must(os.Executable()))
	p.WaitLine("20")
	p.Stop()
	promised := strings.Count(p.Stdout(), "\n")
	require.GreaterOrEqual(t, promised, 20)
	d := openDatabase(t, name)
	assert.Empty(t, d.Damaged())
	for i := range promised {
		_, found, err := d.Load(cookie.Key{byte(i >> 8), byte(i)})
		require.NoError(t, err)
		assert.True(t, found, "%d", i)
	}
	assert.LessOrEqual(t, d.Len(), promised+1)
}
