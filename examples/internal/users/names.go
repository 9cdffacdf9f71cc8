package users

import "slices"

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
