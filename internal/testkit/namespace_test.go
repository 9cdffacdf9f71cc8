package testkit_test

import (
	"net"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/testkit"
)

// TestNamespace: ports that need a privilege and addresses of others are free
// in a network of one's own.
func TestNamespace(t *testing.T) {
	if !testkit.Namespace(t, "192.0.2.1") {
		return
	}
	for _, addr := range []string{"127.0.0.1:53", "127.1.2.3:53", "192.0.2.1:53"} {
		l, err := net.Listen("tcp", addr)
		require.NoError(t, err)
		c, err := net.Dial("tcp", addr)
		require.NoError(t, err)
		assert.NoError(t, c.Close())
		assert.NoError(t, l.Close())
	}
	ifs, err := net.Interfaces()
	require.NoError(t, err)
	assert.Len(t, ifs, 1, "loopback alone")
}

// TestNamespaceTells: what happens in the other process is told in this one.
func TestNamespaceTells(t *testing.T) {
	testkit.Linux(t, "a network namespace")
	testkit.Program(t, "unshare")
	testkit.Program(t, "ip")
	f := play(t, func(tb testing.TB) { testkit.Namespace(named{tb, "TestChildThatFails"}) })
	require.Len(t, f.errors, 1)
	assert.Contains(t, f.errors[0], "failed in there")

	t.Setenv("APPLAYER_INTEROP", "")
	f = play(t, func(tb testing.TB) { testkit.Namespace(named{tb, "TestChildThatSkips"}) })
	require.Len(t, f.skips, 1)
	assert.Contains(t, f.skips[0], "skipped in there")
}

func TestChildThatFails(t *testing.T) {
	testkit.Child(t)
	t.Error("failed in there")
}

func TestChildThatSkips(t *testing.T) {
	testkit.Child(t)
	t.Skip("skipped in there")
}

// named is a test under another name.
type named struct {
	testing.TB
	name string
}

func (n named) Name() string { return n.name }
