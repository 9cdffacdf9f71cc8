package users

import "slices"

// Names returns the users in the order of the file, prepared by SASLprep.
func (u *Users) Names() []string { return slices.Clone(u.names) }

// Has tells whether name is a user.
func (u *Users) Has(name string) bool {
	_, ok := u.byName[prepared(name)]
	return ok
}
