package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/examples/internal/cli"
	"applayer/internal/testkit"
)

// onLoopback lists the scenes that need the system's own sockets and so
// cannot be played in a bubble.
var onLoopback = map[string]bool{"calls": true}

// playIn plays a scene, in a bubble over an in-memory network where it can.
func playIn(t *testing.T, s Scene, out io.Writer, opts NetOptions) (v verdict) {
	t.Helper()
	if onLoopback[s.Name] {
		return play(t.Context(), s, NewNet(&loopback{dir: t.TempDir()}, out, opts))
	}
	synctest.Test(t, func(t *testing.T) {
		v = play(t.Context(), s, NewNet(testkit.NewNetwork(), out, opts))
	})
	return v
}

func TestScenesPlay(t *testing.T) {
	for _, s := range scenes {
		t.Run(s.Name, func(t *testing.T) {
			var out bytes.Buffer
			v := playIn(t, s, &out, NetOptions{})
			if errors.Is(v.err, errors.ErrUnsupported) {
				t.Skip("this system cannot play the scene: ", v.err)
			}
			require.NoError(t, v.err, out.String())
			assert.Zero(t, v.failed, out.String())
			assert.Positive(t, v.passed)
		})
	}
}

// flipFirst flips one bit of the first octet that a client receives.
func flipFirst() func(toClient bool, b []byte) {
	done := make(chan struct{}, 1)
	return func(toClient bool, b []byte) {
		if toClient && len(b) > 0 {
			select {
			case done <- struct{}{}:
				b[0] ^= 0x20
			default:
			}
		}
	}
}

func TestScenesNoticeASpoiledOctet(t *testing.T) {
	for _, s := range scenes {
		if onLoopback[s.Name] || unspoilt[s.Name] {
			continue // its own test spoils it
		}
		t.Run(s.Name, func(t *testing.T) {
			var out bytes.Buffer
			spoil := flipFirst()
			if text, ok := answered[s.Name]; ok {
				spoil = flipBehind(true, text)
			}
			v := playIn(t, s, &out, NetOptions{Spoil: spoil})
			assert.False(t, v.ok(), out.String())
		})
	}
}

// answered lists the scenes of the DNS, whose clients ignore a reply with
// another first octet, its id, and ask again. Here the octet behind these, in
// the data of a record, is spoiled.
var answered = map[string]string{
	"hierarchy": "\x80\x77\xf5", // 128.119.245
	"cache-ttl": "\x80\x77\xf5",
	"attacks":   "\x80\x77\xf5",
	"dig":       "\x82\x71\x40", // 130.113.64
	"records":   "\xc0\x00\x02", // 192.0.2
}

// unspoilt lists the scenes that exchange nothing over a stage's connections;
// each has a test of its own that spoils what it shows.
var unspoilt = map[string]bool{"tables": true, "tcpudp": true, "rfc822": true, "mime": true}

func TestSceneWithoutOutcomeFails(t *testing.T) {
	var out bytes.Buffer
	s := Scene{Name: "empty", Title: "nothing", Run: func(context.Context, *Net) error { return nil }}
	v := play(t.Context(), s, NewNet(testkit.NewNetwork(), &out, NetOptions{}))
	assert.False(t, v.ok())
	assert.Contains(t, out.String(), "-- empty: FAILED")
}

// TestSceneThatHangs: the scene is told, left behind, and prints no more.
func TestSceneThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release, gone := make(chan struct{}), make(chan struct{})
		s := Scene{Name: "stuck", Title: "looks at no context", Run: func(_ context.Context, n *Net) error {
			defer close(gone)
			n.Expect("something", 1, 1)
			<-release
			n.Printf("too late")
			return nil
		}}
		var out bytes.Buffer
		start := time.Now()
		v := play(t.Context(), s, NewNet(testkit.NewNetwork(), &out, NetOptions{}))
		assert.Equal(t, 10*time.Second, time.Since(start))
		close(release)
		<-gone
		assert.False(t, v.ok())
		assert.ErrorIs(t, v.err, context.DeadlineExceeded)
		assert.Contains(t, out.String(), "-- stuck: FAILED, 1 of 1 outcomes as expected")
		assert.NotContains(t, out.String(), "too late")
	})
}

// TestInterruptEndsTheProgram: the scene in play ends, and none comes after it.
func TestInterruptEndsTheProgram(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	played := 0
	s := Scene{Name: "long", Title: "waits", Run: func(ctx context.Context, n *Net) error {
		played++
		cancel()
		<-ctx.Done()
		return ctx.Err()
	}}
	env := &cli.Env{Stdout: io.Discard}
	err := playAll(ctx, env, []Scene{s, s}, NetOptions{})
	assert.EqualError(t, err, "long: interrupted: context canceled")
	assert.Equal(t, 1, played)
}

// Nothing leaves the machine: an address of the lecture is dialled only where
// somebody of the stage listens.
func TestStageDialsNobodyOutside(t *testing.T) {
	n := NewNet(&loopback{dir: t.TempDir()}, io.Discard, NetOptions{})
	for _, network := range []string{"tcp", "udp"} {
		for _, addr := range []string{"192.0.2.1:53", "[2001:db8::1]:53", "gaia.cs.umass.edu:80"} {
			_, err := n.DialUntold(t.Context(), network, addr)
			assert.ErrorContains(t, err, "nobody listens there on this stage", addr)
		}
	}
}

func TestExpect(t *testing.T) {
	var out bytes.Buffer
	n := NewNet(testkit.NewNetwork(), &out, NetOptions{})
	assert.True(t, n.Expect("octets", []byte{2, 0}, []byte{2, 0}))
	assert.False(t, n.Expect("reply", "A", "B"))
	assert.Equal(t, "   ok    octets: 02 00\n   FAIL  reply: expected \"A\", got \"B\"\n", out.String())
}

func TestSceneNamesAreUnique(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range scenes {
		assert.False(t, seen[s.Name], s.Name)
		seen[s.Name] = true
	}
}

func TestProgram(t *testing.T) {
	tests := []struct {
		name           string
		args           []string
		status         int
		stdout, stderr string
	}{
		{"list", []string{"-list"}, 0, "upper  ", ""},
		{"one scene over loopback", []string{"upper"}, 0, "-- upper: passed", ""},
		{"unknown scene", []string{"ballet"}, 2, "", "lecture: ballet: no such scene; -list lists them\n"},
		{"-serve comes later", []string{"-serve", "127.0.0.1:0"}, 2, "", "lecture: -serve: not built yet\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			testkit.NoLeaks(t)
			var stdout, stderr bytes.Buffer
			got := cli.Run(t.Context(), program(), tt.args, strings.NewReader(""), &stdout, &stderr)
			assert.Equal(t, tt.status, got, stdout.String())
			assert.Contains(t, stdout.String(), tt.stdout)
			assert.Equal(t, tt.stderr, stderr.String())
		})
	}
}

func TestDialogueIsPrintedAsTheTapSawIt(t *testing.T) {
	var out bytes.Buffer
	v := playIn(t, upperScene, &out, NetOptions{})
	require.True(t, v.ok())
	assert.Contains(t, out.String(), "C[alice]: do you like ketchup?\n")
	assert.Contains(t, out.String(), "S[alice]: DO YOU LIKE KETCHUP?\n")
}

// A name is that of the stage, in any case; no other one is looked up.
func TestDialOnTheStageAlone(t *testing.T) {
	n := NewNet(testkit.NewNetwork(), io.Discard, NetOptions{})
	ln, err := n.Listen(t.Context(), "tcp", "www.someSchool.edu:80")
	require.NoError(t, err)
	defer ln.Close()
	for _, addr := range []string{"www.someSchool.edu:80", "WWW.someschool.EDU:80", ln.Addr().String()} {
		nc, err := n.Dial(t.Context(), "tcp", addr)
		require.NoError(t, err, addr)
		require.NoError(t, nc.Close())
	}
	for _, addr := range []string{"www.someSchool.edu:81", "www.elsewhere.edu:80", "localhost:80"} {
		_, err := n.Dial(t.Context(), "tcp", addr)
		assert.EqualError(t, err, "tcp "+addr+": nobody listens there on this stage")
		_, err = n.DialUntold(t.Context(), "tcp", addr)
		assert.Error(t, err)
	}
}
