package users

import (
	"bytes"
	"slices"
)

// Names returns the users in the order of the file, prepared by SASLprep.
func (u *Users) Names() []string { return slices.Clone(u.names) }

// Has tells whether name is a user.
func (u *Users) Has(name string) bool {
	_, ok := u.byName[prepared(name)]
	return ok
}

// Name is a user's name as [Users.Names] has it, however it was typed: there is
// one for all that [Users.Check] takes as the same.
func (u *Users) Name(typed string) string { return prepared(typed) }

// Same tells whether name is a user in both, with the same line for his
// password. Who is not has no right to go on by a login of before.
func (u *Users) Same(other *Users, name string) bool {
	a, ok := u.byName[prepared(name)]
	b, too := other.byName[prepared(name)]
	return ok && too && a.secret.same(&b.secret)
}

func (s *secret) same(t *secret) bool {
	return s.plain == t.plain && s.keys.Iterations == t.keys.Iterations && bytes.Equal(s.keys.Salt, t.keys.Salt) &&
		bytes.Equal(s.keys.StoredKey, t.keys.StoredKey) && bytes.Equal(s.keys.ServerKey, t.keys.ServerKey)
}
