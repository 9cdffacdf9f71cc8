package mime_test

import (
	"bytes"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/mime"
)

// damaged is a message with something wrong, written by hand after what mail
// programs of forty years have sent and what attackers send.
type damaged struct {
	name string
	in   string
	// want are facts about the message, each "key: value", which [fact] tells.
	want []string
	// defects are the codes of all defects, of the structure and of the values,
	// in order.
	defects []mime.DefectCode
}

// damagedMessages are all of them.
var damagedMessages = slices.Concat(damagedLines, damagedHeaders, damagedAddresses, damagedWords,
	damagedTypes, damagedParams, damagedMultiparts, damagedBodies)

// Damaged mail is read as far as it makes sense, with a list of what was wrong.
func TestDamaged(t *testing.T) {
	require.GreaterOrEqual(t, len(damagedMessages), 80)
	seen := map[string]bool{}
	for _, tt := range damagedMessages {
		t.Run(tt.name, func(t *testing.T) {
			assert.False(t, seen[tt.name], "two rows of one name")
			seen[tt.name] = true
			e, err := mime.ParseBytes([]byte(tt.in), nil)
			require.NoError(t, err)
			for _, want := range tt.want {
				key, _, _ := strings.Cut(want, ": ")
				assert.Equal(t, want, key+": "+fact(e, key), "of %q", tt.in)
			}
			assert.Equal(t, tt.defects, defectCodes(allDefects(t, e)), "of %q", tt.in)
		})
	}
}

// Under Strict the first defect of the structure is the error.
func TestDamagedStrict(t *testing.T) {
	for _, tt := range damagedMessages {
		t.Run(tt.name, func(t *testing.T) {
			lenient, err := mime.ParseBytes([]byte(tt.in), nil)
			require.NoError(t, err)
			_, err = mime.ParseBytes([]byte(tt.in), &mime.Options{Strict: true})
			if len(structureDefects(lenient)) == 0 {
				assert.NoError(t, err)
				return
			}
			require.Error(t, err)
		})
	}
}

// No octet of a damaged message is lost, and how it is cut does not matter.
func TestDamagedKeepsEveryOctet(t *testing.T) {
	for _, tt := range damagedMessages {
		t.Run(tt.name, func(t *testing.T) {
			e, err := mime.ParseBytes([]byte(tt.in), nil)
			require.NoError(t, err)
			raw, err := io.ReadAll(e.Source())
			require.NoError(t, err)
			assert.Equal(t, tt.in, string(raw))
			whole := streamLines(t, strings.NewReader(tt.in))
			assert.Equal(t, whole, streamLines(t, iotest.OneByteReader(strings.NewReader(tt.in))))
			if !e.Encoded() { // the stream walks through what the tree leaves as it is
				assert.Equal(t, treeLines(t, e), whole)
			}
			byReaderAt, err := mime.Parse(bytes.NewReader([]byte(tt.in)), int64(len(tt.in)), nil)
			require.NoError(t, err)
			assert.Equal(t, printTree(t, e), printTree(t, byReaderAt))
		})
	}
}
