// Package house holds the tests about the module itself: who may import whom,
// what an exported signature may name, what is documented, fuzzed and shown.
//
// [Load] reads the module once into a [Module]; each check is a function over
// it that returns every [Fault] it finds, so that the tests can plant a fault
// in a module of three lines and see it found. The tests over the real module
// call the same functions. [List] asks the go command, once, for what only the
// build knows: the packages reached through others, and the types of exported
// names.
//
// The table of imports is data in layers_test.go. A new edge is a row there,
// with its reason, in a commit of its own.
//
// The programs cover and tally beside it serve .ci/run: they hold a coverage
// profile against the floors, and count the tests of a run.
package house
