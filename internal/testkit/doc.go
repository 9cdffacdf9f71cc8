// Package testkit holds what the tests of several packages need: in-memory
// connections, throw-away certificates, real programs started or skipped, a
// relay to record two of them with, and a check that a test left nothing
// behind.
//
// It is built on the standard library alone and is imported by tests only.
// Each helper takes the test first, fails it with a reason that stands on its
// own, and cleans up after itself when the test ends.
package testkit
