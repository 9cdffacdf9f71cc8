package users

import (
	"crypto"
	"slices"
)

// Work is how many iterations Check makes for a name.
func (u *Users) Work(name string) int {
	s, rest, _ := u.toCheck(name)
	return s.keys.Iterations + rest
}

// Derived are the names that verifiers are made for with hash.
func (u *Users) Derived(hash crypto.Hash) (names []string) {
	for name := range u.derive[hash]() {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
