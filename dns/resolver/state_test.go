package resolver_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/dns/resolver"
	"applayer/internal/golden"
)

func TestStatesPrinted(t *testing.T) {
	var b strings.Builder
	require.NoError(t, resolver.WriteStates(&b))
	golden.Equal(t, "testdata/states.md", []byte(b.String()))
	b.Reset()
	require.NoError(t, resolver.WriteStatesDOT(&b))
	assert.Contains(t, b.String(), "Servers")
}

func TestStatesAreSound(t *testing.T) {
	table := resolver.Table
	assert.Empty(t, table.Unreachable(resolver.StateLocal))
	assert.Empty(t, table.Stuck(resolver.StateDone))
	rules := 0
	for _, r := range table.Rules() {
		rules++
		assert.NotEmpty(t, r.Ref)
	}
	refused := 0
	for s, e := range table.Refused() {
		refused++
		_, _, ok := table.Next(s, e)
		assert.False(t, ok, "%v on %v", s, e)
		if s == resolver.StateDone {
			continue
		}
		assert.NotEqual(t, resolver.EventLimit, e, "every state but the last ends at a limit")
	}
	assert.Equal(t, 5*12, rules+refused)
}
