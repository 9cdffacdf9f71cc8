package testkit

import (
	"os"
	"strings"
	"testing"
)

// Namespace runs a test within a network of its own, where nobody else listens
// and any port may be taken, 53 too: it runs the test once more in another
// process, inside a new network namespace whose loopback interface is up and
// has addrs beside 127.0.0.0/8. It is true there and false here, where the test
// returns at once:
//
//	if !testkit.Namespace(t, "192.0.2.1") {
//		return
//	}
//
// What the other process skips or fails is skipped or failed here. The test is
// a top-level one. Where namespaces are not to be had it is skipped, or fails
// if APPLAYER_INTEROP=require is set in the environment.
func Namespace(tb testing.TB, addrs ...string) bool {
	tb.Helper()
	if os.Getenv(childEnv) == tb.Name() {
		return true
	}
	Linux(tb, "a network namespace")
	p := StartChild(tb, tb.Name(), namespaceFront(Program(tb, "unshare"), Program(tb, "ip"), addrs)...)
	<-p.Done() // the test's own time limit bounds it
	switch {
	case p.Wait() != 0 && strings.HasPrefix(p.Stderr(), "unshare: "):
		Lack(tb, "network namespaces are not permitted here: "+p.Stderr())
	case p.Wait() != 0:
		tb.Fatalf("testkit: %s in a network namespace:\n%s%s", tb.Name(), p.Stdout(), p.Stderr())
	case strings.Contains(p.Stdout(), "--- SKIP: "+tb.Name()+" "):
		Lack(tb, tb.Name()+" in a network namespace:\n"+p.Stdout())
	}
	return false
}

// namespaceFront is the command line in front of a program that runs in a new
// network namespace. A user namespace around it lets others than root do so;
// with a process namespace nothing that was started there outlives it.
func namespaceFront(unshare, ip string, addrs []string) []string {
	var set strings.Builder
	set.WriteString("ip=$1; shift; $ip link set lo up")
	for _, addr := range addrs {
		set.WriteString(" && $ip addr add " + addr + " dev lo")
	}
	set.WriteString(` && exec "$@" -test.v`)
	return []string{unshare, "--user", "--map-root-user", "--net", "--pid", "--fork", "--kill-child", "sh", "-c", set.String(), "sh", ip}
}
