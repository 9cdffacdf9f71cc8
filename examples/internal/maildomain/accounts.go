package maildomain

import (
	"fmt"
	"strings"
	"sync/atomic"

	"applayer/examples/internal/users"
	"applayer/internal/ascii"
	"applayer/smtp"
)

// accounts are the users of a domain, and what addresses lead to them.
type accounts struct {
	domain string
	file   string
	now    atomic.Pointer[userList]
}

// userList is what the users file says. Names have no case in addresses, and
// none in the names of mailboxes.
type userList struct {
	*users.Users
	byName map[string]string // names by their small letters
}

// reload reads the file again; one that is wrong changes nothing.
func (a *accounts) reload() error {
	u, err := users.ReadFile(a.file)
	if err != nil {
		return err
	}
	if len(u.Names()) == 0 {
		// A file that is being written, perhaps. Without anybody all mail would
		// be refused for good, and the postmaster's with it (RFC 5321 §4.5.1).
		return fmt.Errorf("%s: no users", a.file)
	}
	list := &userList{u, map[string]string{}}
	for _, name := range u.Names() {
		small := strings.ToLower(name)
		if other, twice := list.byName[small]; twice {
			return fmt.Errorf("%s: %q and %q differ in case alone", a.file, other, name)
		}
		list.byName[small] = name
	}
	a.now.Store(list)
	return nil
}

// users are those of now.
func (a *accounts) users() *userList { return a.now.Load() }

// isLocal tells whether the mail of an address ends here.
func (a *accounts) isLocal(p smtp.Path) bool {
	if p.Domain == "" {
		return !p.IsNull() // <Postmaster> (RFC 5321 §4.1.1.3)
	}
	return !p.Literal && a.isDomain(p.Domain)
}

// isDomain tells whether a name is the domain's, in A-labels or U-labels.
func (a *accounts) isDomain(name string) bool {
	return smtp.Path{Local: "x", Domain: name}.Equal(smtp.Path{Local: "x", Domain: a.domain})
}

// user tells whose a local address is: of "bob+lists" it is bob's
// (RFC 5233 §3). The postmaster is somebody in any case: where nobody has the
// name, the first in the file (RFC 5321 §4.5.1).
func (a *accounts) user(p smtp.Path) (name string, ok bool) {
	u := a.users()
	local, _, _ := strings.Cut(p.Local, "+")
	for _, given := range []string{p.Local, local} {
		if name, ok := u.byName[strings.ToLower(given)]; ok {
			return name, true
		}
	}
	if names := u.Names(); ascii.EqualFold(local, "postmaster") && len(names) > 0 {
		return names[0], true
	}
	return "", false
}

// login returns the user's name of one that was given to log in: bob, or
// bob@hamburger.edu. It is the users file's, however it was typed: a mailbox
// goes by it.
func (a *accounts) login(name string) string {
	if at := strings.LastIndexByte(name, '@'); at >= 0 && a.isDomain(name[at+1:]) {
		name = name[:at]
	}
	return a.users().Name(name)
}

// check tells who it is that has a name and a password.
func (a *accounts) check(user, password string) (name string, ok bool) {
	name = a.login(user)
	return name, a.users().Check(name, password)
}

// owns tells whether a user may send from an address: his own, with a tag or
// without.
func (a *accounts) owns(user string, from smtp.Path) bool {
	if from.IsNull() {
		return true // notifications of a user agent (RFC 8098 §2.1)
	}
	name, ok := a.user(from)
	return ok && a.isLocal(from) && name == user
}
