// Package cli holds what the programs under examples share: flags and usage
// text, exit status, the ready line, signals, logging and the dialogue that
// -v prints.
//
// A program describes itself as a [Program] and hands it to [Main]:
//
//	func main() { cli.Main(program()) }
//
// Tests run the same description with [Run], with streams and a context of
// their own.
package cli
