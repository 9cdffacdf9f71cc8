package resolver_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var adjustWords = []string{
	"copy_id", "copy_query", "raw_id", "sleep", "packet_sleep", "do_not_answer", "server_cookie",
	"wrong_id", "wrong_cookie", "short_cookie", "no_cookie", "no_edns", "keep_case", "from", "from_port",
}

// The records and words of our files all mean something.
func TestScenarioFilesMean(t *testing.T) {
	files, err := filepath.Glob("testdata/scenarios/*.rpl")
	require.NoError(t, err)
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		s, err := parseScenario(string(text))
		require.NoError(t, err, file)
		entries := []*entry{}
		for _, g := range s.Ranges {
			entries = append(entries, g.Entries...)
		}
		for _, st := range s.Steps {
			if st.Entry != nil {
				entries = append(entries, st.Entry)
			}
		}
		for _, e := range entries {
			_, err := e.differs(aQuery(t, nil), e.Match)
			assert.NoError(t, err, "%s, entry in line %d", file, e.Line)
			for _, p := range e.Packets {
				_, err := p.message()
				assert.NoError(t, err, file)
				_, err = p.delay()
				assert.NoError(t, err, file)
				for _, w := range p.Adjust {
					name, _, _ := strings.Cut(w, "=")
					assert.Contains(t, adjustWords, name, file)
				}
			}
		}
	}
}
