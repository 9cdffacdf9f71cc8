// Tally reads go test -json on its standard input, prints what go test would
// have printed and, as its last line, how many tests passed and failed.
//
//	go test -json ./... | go run ./internal/house/tally
//
// It exits 1 when a test failed or none passed.
package main

import (
	"fmt"
	"os"

	"applayer/internal/house"
)

func main() {
	t, err := house.ReadTally(os.Stdin, os.Stdout)
	if err != nil {
		fmt.Fprintln(os.Stderr, "tally:", err)
		os.Exit(1)
	}
	fmt.Println(t)
	if !t.OK() {
		os.Exit(1)
	}
}
