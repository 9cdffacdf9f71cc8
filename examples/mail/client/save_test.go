package main

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Ten thousand attachments can have one name: a number that was tried is not
// tried again.
func TestSaveAsCountsOn(t *testing.T) {
	root, err := os.OpenRoot(t.TempDir())
	require.NoError(t, err)
	defer root.Close()
	taken := map[string]int{}
	for _, want := range []string{"a.txt", "a-2.txt", "a-3.txt"} {
		name, err := saveAs(root, "a.txt", taken, strings.NewReader(want))
		require.NoError(t, err)
		assert.Equal(t, want, name)
	}
	require.NoError(t, root.Remove("a-2.txt"))
	name, err := saveAs(root, "a.txt", taken, strings.NewReader(""))
	require.NoError(t, err)
	assert.Equal(t, "a-4.txt", name)
	name, err = saveAs(root, "a.txt", map[string]int{}, strings.NewReader(""))
	require.NoError(t, err)
	assert.Equal(t, "a-2.txt", name)
}
