package ftp

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"strconv"
	"strings"
)

// fileText is the text to an error of a file system. It tells no more than the
// code does: paths of the host stay unknown.
func fileText(err error) string {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "No such file or directory."
	case errors.Is(err, fs.ErrPermission):
		return "Permission denied."
	case errors.Is(err, ErrNotRegular):
		return "Not a regular file."
	case errors.Is(err, fs.ErrExist):
		return "It exists."
	case errors.Is(err, ErrNoSpace):
		return "There is not enough space."
	case errors.Is(err, ErrName):
		return "That name is not allowed."
	case errors.Is(err, ErrOffset):
		return "The file is shorter than that."
	case errors.Is(err, errors.ErrUnsupported):
		return "This file system cannot do that."
	}
	return "Local error."
}

// quoted is a directory for 257, its quotation marks doubled (Appendix II of
// RFC 959).
func quoted(name string) string {
	return `"` + strings.ReplaceAll(absolute(name), `"`, `""`) + `"`
}

// pwd is PWD.
func (s *Session) pwd([]byte) { s.reply(257, quoted(s.dir)+" is the current directory.") }

// cwd is CWD.
func (s *Session) cwd(arg []byte) {
	name, err := s.name(arg)
	if err == nil {
		err = s.isDir(name)
	}
	if err != nil {
		s.refuse(err)
		return
	}
	s.dir = name
	s.reply(250, "The current directory is "+absolute(name))
}

// cdup is CDUP.
func (s *Session) cdup([]byte) { s.cwd([]byte("..")) }

// isDir tells whether a name stands for a directory.
func (s *Session) isDir(name string) error {
	info, err := s.account.FS.Stat(name)
	if err == nil && !info.IsDir() {
		err = fs.ErrNotExist
	}
	return err
}

// on runs do for the name that the client gave, where the user has the right,
// and replies with code and text where it succeeds.
func (s *Session) on(arg []byte, r Rights, do func(name string) error, code int, text func(name string) string) {
	if !s.may(r) {
		return
	}
	name, err := s.name(arg)
	if err == nil {
		err = do(name)
	}
	if err != nil {
		s.refuse(err)
		return
	}
	s.reply(code, text(name))
}

// dele is DELE: of files alone.
func (s *Session) dele(arg []byte) {
	if fsys, ok := part[RemoveFS](s); ok {
		s.on(arg, RightDelete, fsys.Remove, 250, func(string) string { return "Deleted." })
	}
}

// rmd is RMD: of directories alone.
func (s *Session) rmd(arg []byte) {
	if fsys, ok := part[RemoveFS](s); ok {
		s.on(arg, RightDelete, fsys.RemoveDir, 250, func(string) string { return "Deleted." })
	}
}

// mkd is MKD.
func (s *Session) mkd(arg []byte) {
	fsys, ok := part[MkdirFS](s)
	if !ok {
		return
	}
	mkdir := func(name string) error {
		err := fsys.Mkdir(name)
		if err == nil && s.umask >= 0 {
			if chmod, ok := s.account.FS.(ChmodFS); ok {
				chmod.Chmod(name, 0o777&^fs.FileMode(s.umask))
			}
		}
		return err
	}
	s.on(arg, RightMkdir, mkdir, 257, func(name string) string { return quoted(name) + " was made." })
}

// rnfr is RNFR: what is to be renamed must be there.
func (s *Session) rnfr(arg []byte) {
	if _, ok := part[RenameFS](s); !ok || !s.may(RightRename) {
		return
	}
	name, err := s.name(arg)
	if err == nil {
		_, err = s.account.FS.Stat(name)
	}
	if err != nil {
		s.refuse(err)
		return
	}
	s.Do(EventRenameFrom)
	s.renaming = name
	s.reply(350, "Send RNTO.")
}

// rnto is RNTO.
func (s *Session) rnto(arg []byte) {
	fsys, ok := part[RenameFS](s)
	if !ok {
		return
	}
	rename := func(to string) error { return fsys.Rename(s.renaming, to) }
	s.on(arg, RightRename, rename, 250, func(string) string { return "Renamed." })
}

// maxASCIISize is the longest file that SIZE reads in TYPE A to count its lines.
const maxASCIISize = 1 << 20

// size is SIZE: how many octets RETR would send (RFC 3659 §4). Where that takes
// too much work to know it is refused, as RFC 3659 §4.2 allows.
func (s *Session) size(arg []byte) {
	name, err := s.name(arg)
	var info fs.FileInfo
	if err == nil {
		info, err = s.account.FS.Stat(name)
	}
	switch {
	case err != nil:
		s.refuse(err)
	case !info.Mode().IsRegular():
		s.refuse(ErrNotRegular)
	case !s.ascii && !s.records:
		s.reply(213, strconv.FormatInt(info.Size(), 10))
	case s.records || info.Size() > maxASCIISize:
		s.reply(550, "The size is told in TYPE I and STRU F only.")
	default:
		s.asciiSize(name)
	}
}

// asciiSize reads a file to count what TYPE A makes of it.
func (s *Session) asciiSize(name string) {
	if !s.may(RightRead) {
		return
	}
	f, err := s.account.FS.Open(name)
	if err != nil {
		s.refuse(err)
		return
	}
	defer f.Close()
	n, err := ASCIISize(io.LimitReader(f, maxASCIISize))
	if err != nil {
		s.refuse(err)
		return
	}
	s.reply(213, strconv.FormatInt(n, 10))
}

// mdtm is MDTM (RFC 3659 §3).
func (s *Session) mdtm(arg []byte) {
	name, err := s.name(arg)
	var info fs.FileInfo
	if err == nil {
		info, err = s.account.FS.Stat(name)
	}
	if err != nil {
		s.refuse(err)
		return
	}
	val, err := AppendTimeVal(nil, info.ModTime())
	if err != nil {
		s.reply(550, "The time is not known.")
		return
	}
	s.reply(213, string(val))
}

// mfmt is MFMT (draft-somers-ftp-mfxx), by which clients give an upload the time
// of their own file.
func (s *Session) mfmt(arg []byte) {
	stamp, rest, ok := bytes.Cut(arg, []byte{' '})
	at, err := ParseTimeVal(stamp)
	if !ok || len(rest) == 0 || err != nil {
		s.reply(501, "Syntax: MFMT "+verbRules[VerbMFMT].syntax)
		return
	}
	fsys, ok := part[ChtimesFS](s)
	if !ok {
		return
	}
	set := func(name string) error { return fsys.Chtimes(name, at) }
	s.on(rest, RightWrite, set, 213, func(name string) string {
		return "Modify=" + string(stamp) + "; " + absolute(name)
	})
}

// mlst is MLST (RFC 3659 §7): one entry, over the control connection.
func (s *Session) mlst(arg []byte) {
	if !s.may(RightList) {
		return
	}
	name, err := s.name(arg)
	var info fs.FileInfo
	if err == nil {
		info, err = s.account.FS.Stat(name)
	}
	if err != nil {
		s.refuse(err)
		return
	}
	e := EntryOf(info)
	e.Name = absolute(name)
	e.addPerm(permsOf(s.account.FS, s.account.Rights))
	line, err := AppendFacts([]byte{' '}, &e, s.facts)
	if err != nil {
		s.refuse(ErrName)
		return
	}
	s.reply(250, "Listing "+e.Name, string(line), "End.")
}

// chmod is SITE CHMOD.
func (s *Session) chmod(arg string) {
	digits, name, _ := strings.Cut(arg, " ")
	mode, err := strconv.ParseUint(digits, 8, 32)
	if err != nil || mode > 0o777 || name == "" {
		s.reply(501, "Syntax: SITE CHMOD <octal mode> <path>")
		return
	}
	if fsys, ok := part[ChmodFS](s); ok {
		set := func(name string) error { return fsys.Chmod(name, fs.FileMode(mode)) }
		s.on([]byte(name), RightWrite, set, 200, func(string) string { return "Mode set." })
	}
}
