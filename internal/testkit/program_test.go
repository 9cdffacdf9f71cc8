package testkit_test

import (
	"io"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/testkit"
)

func TestProgramAbsent(t *testing.T) {
	const name = "no-such-program-anywhere"
	tests := []struct {
		name, interop string
		fails         bool
	}{
		{"skips", "", false},
		{"fails when required", "require", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Setenv("APPLAYER_INTEROP", tt.interop)
			f := play(t, func(tb testing.TB) { testkit.Program(tb, name) })
			if tt.fails {
				require.Len(t, f.errors, 1)
				assert.Contains(t, f.errors[0], name)
				assert.Empty(t, f.skips)
				return
			}
			require.Len(t, f.skips, 1)
			assert.Contains(t, f.skips[0], name)
			assert.Empty(t, f.errors)
		})
	}
}

func TestProcessLines(t *testing.T) {
	sh := testkit.Program(t, "sh")
	p := testkit.StartEnv(t, []string{"GREETING=hello"}, sh, "-c",
		`echo noise; echo "ready on $GREETING"; echo "to stderr" >&2; read x; echo "got $x"; echo "got more"; exit 3`)
	assert.Equal(t, "ready on hello", p.WaitLine("ready"))
	assert.Equal(t, "to stderr", p.WaitStderr("to"))
	assert.Positive(t, p.Pid())
	_, err := io.WriteString(p.Stdin, "abc\n")
	require.NoError(t, err)
	assert.Equal(t, "got abc", p.WaitLine("got"))
	assert.Equal(t, "got more", p.WaitLine("got"), "each call goes on behind the last")
	assert.Equal(t, 3, p.Wait())
	assert.Equal(t, "noise\nready on hello\ngot abc\ngot more\n", p.Stdout())
	assert.Equal(t, "to stderr\n", p.Stderr())
}

func TestProcessStop(t *testing.T) {
	testkit.Linux(t, "SIGTERM to a shell")
	sh := testkit.Program(t, "sh")
	p := testkit.Start(t, sh, "-c", `trap 'echo bye; exit 4' TERM; echo ready; while :; do sleep 0.02; done`)
	p.WaitLine("ready")
	select {
	case <-p.Done():
		t.Error("done, and nobody ended it")
	default:
	}
	assert.Equal(t, 4, p.Stop())
	<-p.Done()
	assert.Equal(t, "ready\nbye\n", p.Stdout())
}

func TestProcessKilledAtTheEnd(t *testing.T) {
	sh := testkit.Program(t, "sh")
	var p *testkit.Process
	f := play(t, func(tb testing.TB) {
		p = testkit.Start(tb, sh, "-c", "read x")
	})
	assert.Empty(t, f.errors)
	assert.Equal(t, -1, p.Wait())
}

func TestProcessEndsWithoutTheLine(t *testing.T) {
	sh := testkit.Program(t, "sh")
	f := play(t, func(tb testing.TB) {
		p := testkit.Start(tb, sh, "-c", "echo something else; echo why >&2")
		p.WaitLine("ready")
	})
	require.Len(t, f.errors, 1)
	assert.Contains(t, f.errors[0], `ended without a line "ready"`)
	assert.Contains(t, f.logs[0], "something else")
	assert.Contains(t, f.logs[1], "why")
}

func TestStartFails(t *testing.T) {
	f := play(t, func(tb testing.TB) { testkit.Start(tb, "/no/such/program") })
	require.Len(t, f.errors, 1)
}
