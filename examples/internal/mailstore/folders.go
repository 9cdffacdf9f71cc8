package mailstore

import (
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"

	"applayer/mime/maildir"
)

// Folders returns the names of a user's folders: [Inbox], then the others in order. One
// whose name no client could say is not among them.
func (s *Store) Folders(user string) ([]string, error) {
	dir, err := userFolder(user)
	if err != nil {
		return nil, err
	}
	folders, err := s.folders(dir)
	if err != nil {
		return nil, err
	}
	names := []string{Inbox}
	for _, f := range folders {
		if _, inbox, err := folderOf(folderName(f)); err == nil && !inbox {
			names = append(names, folderName(f))
		}
	}
	return slices.Compact(names), nil
}

// find returns the folder that is there by a name: the one whose directory is named as
// we name it, or else one that another program has named otherwise, as in UTF-8.
func (s *Store) find(dir string, f maildir.Folder) maildir.Folder {
	if _, err := s.root.Lstat(folderPath(dir, f.File)); err == nil {
		return f
	}
	folders, _ := s.folders(dir)
	same := func(other maildir.Folder) bool { return folderName(other) == folderName(f) }
	if i := slices.IndexFunc(folders, same); i >= 0 {
		return folders[i]
	}
	return f
}

func (s *Store) folders(dir string) ([]maildir.Folder, error) {
	d, err := s.maildirOf(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer d.Close()
	return d.Folders()
}

// maildirOf opens a user's Maildir for what is to be done to its folders.
func (s *Store) maildirOf(dir string) (*maildir.Dir, error) {
	return maildir.OpenRoot(s.root, dir+"/"+maildirName)
}

// Create makes a folder. The error is [ErrExists] if it is there, [ErrName] for a name
// that none may have.
func (s *Store) Create(user, folder string) error {
	return s.withFolder(user, folder, func(dir string, d *maildir.Dir, f maildir.Folder) error {
		if inner, err := d.OpenFolder(f); err == nil {
			return errors.Join(ErrExists, inner.Close())
		}
		inner, err := d.CreateFolder(f)
		if err != nil {
			return err
		}
		return inner.Close()
	})
}

// Delete removes a folder and its messages; folders within it stay. Whoever has it
// open gets [ErrGone]. INBOX cannot be removed.
func (s *Store) Delete(user, folder string) error {
	return s.withFolder(user, folder, func(dir string, d *maildir.Dir, f maildir.Folder) error {
		if err := d.RemoveFolder(f); err != nil {
			return noMailbox(err)
		}
		s.drop(dir, f.File)
		return nil
	})
}

// Rename gives a folder another name, and those within it too. Its UIDs stay valid:
// no two mailboxes of a store have the same UIDVALIDITY. Whoever has it open gets
// [ErrGone]. INBOX cannot be renamed.
func (s *Store) Rename(user, from, to string) error {
	target, inbox, err := folderOf(to)
	if err != nil || inbox {
		return ErrName
	}
	return s.withFolder(user, from, func(dir string, d *maildir.Dir, f maildir.Folder) error {
		target = s.find(dir, target)
		if err := d.RenameFolder(f, target); err != nil {
			return noMailbox(err)
		}
		folders, err := d.Folders()
		for _, inner := range folders {
			if rest, ok := strings.CutPrefix(inner.File, target.File); ok && (rest == "" || rest[0] == '.') {
				s.user(dir).renamed(folderPath(dir, f.File+rest), folderPath(dir, inner.File))
				s.drop(dir, f.File+rest)
			}
		}
		return err
	})
}

// withFolder does something to a folder that is not INBOX.
func (s *Store) withFolder(user, folder string, do func(dir string, d *maildir.Dir, f maildir.Folder) error) error {
	dir, err := userFolder(user)
	if err != nil {
		return err
	}
	f, inbox, err := folderOf(folder)
	if err != nil || inbox {
		return ErrName
	}
	m, err := s.open(dir, maildir.Folder{}, true) // so that the user's own is there
	if err != nil {
		return err
	}
	defer m.Close()
	d, err := s.maildirOf(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return do(dir, d, s.find(dir, f))
}

// folderPath is the path of a folder below the store's root, that of INBOX for "".
func folderPath(dir, file string) string { return path.Join(dir, maildirName, file) }

// noMailbox makes errors of this package of those of files.
func noMailbox(err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return ErrNoMailbox
	case errors.Is(err, fs.ErrExist):
		return ErrExists
	}
	return err
}

// drop makes a mailbox useless to those who have it open, and unknown.
func (s *Store) drop(dir, file string) {
	name := folderPath(dir, file)
	s.mu.Lock()
	m, u := s.boxes[name], s.userOf(dir)
	s.mu.Unlock()
	if m == nil {
		u.sizeGone(name)
		return
	}
	m.gone()
	s.mu.Lock()
	idle := m.users == 0
	s.mu.Unlock()
	if idle {
		m.shut()
	}
}
