// Lecture plays the networking lecture on this machine: each scene has the
// packages' own clients and servers talk over real sockets, prints their
// dialogue and checks its outcome.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"

	"applayer/examples/internal/cli"
)

func main() { cli.Main(program()) }

func program() *cli.Program {
	var list bool
	var capture string
	return &cli.Program{
		Name:     "lecture",
		Synopsis: "[-list] [-pcap FILE] [SCENE...]",
		About: `
Lecture plays the scenes of the lecture over loopback, in one process, and
prints each dialogue, what was expected and what came out. Without SCENE it
plays them all. It exits with 1 where a scene fails.`,
		Example:  "lecture upper",
		NotBuilt: []string{"serve"},
		Flags: func(fs *flag.FlagSet) {
			fs.BoolVar(&list, "list", false, "list the scenes and exit")
			fs.StringVar(&capture, "pcap", "", "write what the scenes exchange to `FILE`, for Wireshark")
		},
		Run: func(ctx context.Context, env *cli.Env) error {
			if list {
				for _, s := range scenes {
					fmt.Fprintf(env.Stdout, "%-12s %s\n", s.Name, s.Title)
				}
				return nil
			}
			chosen, err := choose(env.Args)
			if err != nil {
				return err
			}
			if capture == "" {
				return playAll(ctx, env, chosen, NetOptions{})
			}
			return record(capture, func(opts NetOptions) error { return playAll(ctx, env, chosen, opts) })
		},
	}
}

// choose picks the scenes of these names, or all.
func choose(names []string) ([]Scene, error) {
	if len(names) == 0 {
		return scenes, nil
	}
	var chosen []Scene
	for _, name := range names {
		i := slices.IndexFunc(scenes, func(s Scene) bool { return s.Name == name })
		if i < 0 {
			return nil, cli.Usagef("%s: no such scene; -list lists them", name)
		}
		chosen = append(chosen, scenes[i])
	}
	return chosen, nil
}

func playAll(ctx context.Context, env *cli.Env, chosen []Scene, opts NetOptions) error {
	dir, err := os.MkdirTemp("", "lecture")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	var failed []string
	for _, s := range chosen {
		v := play(ctx, s, NewNet(&loopback{dir: dir}, env.Stdout, opts))
		if !v.ok() && !errors.Is(v.err, errors.ErrUnsupported) {
			failed = append(failed, s.Name)
		}
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("%s: interrupted: %w", s.Name, err)
		}
	}
	if len(failed) > 0 {
		return fmt.Errorf("%d of %d scenes: failed: %v", len(failed), len(chosen), failed)
	}
	fmt.Fprintf(env.Stdout, "scenes played, all with the expected outcome: %d\n", len(chosen))
	return nil
}
