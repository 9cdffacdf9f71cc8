// Cover holds a profile of go test -coverprofile against the floors.
//
//	go run ./internal/house/cover PROFILE
//
// It runs in the module's root, prints each file and package that has a floor,
// and exits 1 when one is below its own.
package main

import (
	"fmt"
	"os"

	"applayer/internal/house"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: cover PROFILE")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "cover:", err)
		os.Exit(1)
	}
}

func run(profile string) error {
	m, err := house.Load(os.DirFS("."))
	if err != nil {
		return err
	}
	f, err := os.Open(profile)
	if err != nil {
		return err
	}
	defer f.Close()
	coverage, err := house.ReadCoverage(m, f)
	if err != nil {
		return err
	}
	below := 0
	for _, c := range coverage {
		mark := "  "
		if !c.Met() {
			mark = "! "
			below++
		}
		fmt.Println(mark + c.String())
	}
	switch {
	case len(coverage) == 0:
		return fmt.Errorf("%s: nothing in it has a floor", profile)
	case below > 0:
		return fmt.Errorf("%d below the floor (marked !): add tests", below)
	}
	return nil
}
