package peers

import (
	"io"
	"testing"

	"applayer/internal/testkit"
)

// Output is what a program left behind.
type Output struct {
	// Stdout and Stderr are what it printed.
	Stdout, Stderr string
	// Exit is its exit status, -1 when a signal ended it.
	Exit int
}

// alone is the environment of a client that knows no proxy, speaks English and
// reads no file of the user's.
func alone(home string) []string {
	env := []string{"HOME=" + home, "LC_ALL=C", "CURL_HOME=" + home, "WGETRC="}
	for _, name := range []string{"http_proxy", "https_proxy", "all_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"} {
		env = append(env, name+"=")
	}
	return env
}

// Run runs a client, such as curl or wget, to its end, and returns what it
// left. It has nothing to read, no proxy from the environment, and no
// configuration of the user's. One that takes too long fails the test; its
// exit status is for the caller to judge.
func Run(tb testing.TB, name string, args ...string) Output {
	tb.Helper()
	return RunInput(tb, "", name, args...)
}

// RunInput is [Run] with something to read.
func RunInput(tb testing.TB, input, name string, args ...string) Output {
	tb.Helper()
	p := testkit.StartEnv(tb, alone(tb.TempDir()), program(tb, name), args...)
	io.WriteString(p.Stdin, input)
	p.Stdin.Close()
	exit := p.Wait()
	return Output{p.Stdout(), p.Stderr(), exit}
}
