package ftp

import (
	"errors"
	"io"
	"io/fs"
	"path"
	"strconv"
)

// Transfer is what a data connection is to carry.
type Transfer struct {
	// Verb is RETR, STOR, APPE, STOU, LIST, NLST or MLSD.
	Verb Verb
	// Name is the file or directory, as a name of the [FS].
	Name string
	// Begin is the reply before the data: with code 150, which becomes 125 when
	// the data connection is open already (RFC 959 §5.4).
	Begin Reply
	// File is what RETR sends, from where it stands; Size is how many octets
	// those are, negative where that is not known.
	File File
	Size int64
	// Skip is how many octets of what would be sent are left out: REST in
	// TYPE A counts those (RFC 3659 §5.3).
	Skip int64
	// Upload takes what STOR, APPE and STOU bring.
	Upload Upload
	// List writes what LIST, NLST and MLSD send.
	List io.WriterTo
	// ASCII and Records are TYPE A and STRU R.
	ASCII, Records bool
	// Private asks for TLS.
	Private bool
	// Rate bounds the octets a second (0 is no bound).
	Rate int64
}

// abandon closes what is open, and forgets an upload.
func (t *Transfer) abandon() {
	if t.File != nil {
		t.File.Close()
	}
	if t.Upload != nil {
		t.Upload.Abort()
	}
}

// endTransfer is the final reply of a transfer: of one that did not begin, too.
func (s *Session) endTransfer(code int, text string) {
	s.transfer, s.restart = nil, 0
	s.Do(EventTransferEnd)
	s.reply(code, text)
	s.dropData()
}

// failTransfer is endTransfer for an error of the file system.
func (s *Session) failTransfer(err error) {
	if order, ok := errors.AsType[*ProtocolError](err); ok {
		s.endTransfer(order.Reply, orderText(order.Reply))
		return
	}
	if limit, ok := errors.AsType[*LimitError](err); ok {
		s.endTransfer(s.nameReply(limit.Reply), "Name too long.")
		return
	}
	if syntax, ok := errors.AsType[*ParseError](err); ok && syntax.Reply != 0 {
		s.endTransfer(syntax.Reply, "Not a "+syntax.What+".")
		return
	}
	s.endTransfer(s.nameReply(fileReply(err)), fileText(err))
}

// prepare checks what every transfer needs, before anything of a file is opened.
// It is not ok when the command was answered.
func (s *Session) prepare(r Rights, arg []byte) (name string, ok bool) {
	switch {
	case s.opts.RequireTLS && !s.DataPrivate():
		s.endTransfer(522, "Data connections must be protected: send PBSZ 0 and PROT P.") // RFC 4217 §10.2
		return "", false
	case !s.account.Rights.Has(r):
		s.endTransfer(550, "Permission denied.")
		return "", false
	}
	name, err := s.name(arg)
	if err == nil {
		err = s.DoData(DataEventUse)
	}
	if err != nil {
		s.failTransfer(err)
		return "", false
	}
	return name, true
}

// start begins a transfer.
func (s *Session) start(t *Transfer, text string) {
	t.Begin = Reply{Code: 150, Lines: []string{text}}
	t.Private = s.DataPrivate()
	s.transfer = t
	s.add(Action{Kind: ActionTransfer, Transfer: t})
}

// retr is RETR.
func (s *Session) retr(arg []byte) {
	name, ok := s.prepare(RightRead, arg)
	if !ok {
		return
	}
	t, err := s.openFile(name)
	if err != nil {
		s.failTransfer(err)
		return
	}
	t.Rate = s.account.ReadRate
	text := "Sending " + base(name)
	if t.Size >= 0 && !t.ASCII && !t.Records {
		text += " (" + strconv.FormatInt(t.Size, 10) + " bytes)"
	}
	s.start(t, text+".")
}

// base is a name's last element, as text for a reply.
func base(name string) string { return path.Base(absolute(name)) }

// openFile opens a file to send, at where REST said.
func (s *Session) openFile(name string) (*Transfer, error) {
	f, err := s.account.FS.Open(name)
	if err != nil {
		return nil, err
	}
	t := &Transfer{Verb: VerbRETR, Name: name, File: f, ASCII: s.ascii, Records: s.records}
	if err := t.seek(s.restart); err != nil {
		f.Close()
		return nil, err
	}
	return t, nil
}

// seek goes to where a restarted transfer begins.
func (t *Transfer) seek(at int64) error {
	info, err := t.File.Stat()
	switch {
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return ErrNotRegular
	case t.ASCII || t.Records:
		t.Size, t.Skip = -1, at
		return nil
	case at > info.Size():
		return ErrOffset
	}
	t.Size = info.Size() - at
	if at > 0 {
		_, err = t.File.Seek(at, io.SeekStart)
	}
	return err
}

// stor is STOR: a new file, or the rest of one where REST said so.
func (s *Session) stor(arg []byte) {
	mode := CreateReplace
	if s.restart > 0 {
		mode = CreateResume
	}
	s.upload(VerbSTOR, arg, mode)
}

// appe is APPE.
func (s *Session) appe(arg []byte) { s.upload(VerbAPPE, arg, CreateAppend) }

// stou is STOU.
func (s *Session) stou(arg []byte) {
	if len(arg) == 0 {
		arg = []byte("file")
	}
	s.upload(VerbSTOU, arg, CreateUnique)
}

// list is LIST.
func (s *Session) list(arg []byte) { s.listing(VerbLIST, arg, listLong) }

// nlst is NLST.
func (s *Session) nlst(arg []byte) { s.listing(VerbNLST, arg, listNames) }

// mlsd is MLSD (RFC 3659 §7).
func (s *Session) mlsd(arg []byte) { s.listing(VerbMLSD, arg, listFacts) }

// listing begins one. What is to be listed is looked for before the data
// connection is.
func (s *Session) listing(verb Verb, arg []byte, style listStyle) {
	if _, ok := s.prepare(RightList, nil); !ok {
		return
	}
	l, err := newListing(s.listRequest(arg, style))
	if err != nil {
		s.failTransfer(err)
		return
	}
	// RFC 3659 §7.3.1 and RFC 959 §3.1.1.1: listings are text, whose lines end
	// in CRLF whatever TYPE is.
	s.start(&Transfer{Verb: verb, Name: l.dir, List: l, Size: -1, Rate: s.account.ReadRate}, "Here comes the listing.")
}

// listRequest asks for a listing.
func (s *Session) listRequest(arg []byte, style listStyle) listRequest {
	return listRequest{
		fsys: s.account.FS, cwd: s.dir, arg: string(arg), style: style,
		facts: s.facts, rights: s.account.Rights, limits: s.opts.Limits, now: s.opts.Now(),
	}
}

// statPath is STAT of a path: a listing over the control connection, with 213
// for a file and 212 for a directory (RFC 959 §4.1.3).
func (s *Session) statPath(arg []byte) {
	if !s.may(RightList) {
		return
	}
	l, err := newListing(s.listRequest(arg, listLong))
	if err != nil {
		s.refuse(err)
		return
	}
	code := 212
	if l.one != nil {
		code = 213
	}
	head := Reply{Code: code, Lines: []string{"Status:", "End."}}
	s.add(Action{Kind: ActionList, Reply: head, List: l.lines()})
}

// upload begins one.
func (s *Session) upload(verb Verb, arg []byte, mode CreateMode) {
	name, ok := s.prepare(RightWrite, arg)
	if !ok {
		return
	}
	fsys, ok := s.account.FS.(CreateFS)
	switch {
	case !ok:
		s.endTransfer(550, "This file system is for reading.")
		return
	case mode == CreateResume && (s.ascii || s.records):
		s.endTransfer(554, "Uploads are restarted in TYPE I and STRU F only.")
		return
	}
	up, err := fsys.Create(name, mode, s.restart)
	if err != nil {
		s.failTransfer(err)
		return
	}
	t := &Transfer{Verb: verb, Name: up.Name(), Upload: up, Size: -1, ASCII: s.ascii, Records: s.records, Rate: s.account.WriteRate}
	text := "Ready to store " + base(name) + "."
	if verb == VerbSTOU {
		text = "FILE: " + base(up.Name()) // RFC 1123 §4.1.2.9
	}
	s.start(t, text)
}

// What becomes of transfers, beside the errors of file systems: refusals that
// name their reply.
var (
	errNoDataConn = &ReplyError{Code: 425, Text: "Cannot open the data connection."}
	errAborted    = &ReplyError{Code: 426, Text: "Transfer aborted."}
	errPeer       = &ReplyError{Code: 426, Text: "Data connection broken."}
	errDataTLS    = &ReplyError{Code: 522, Text: "TLS failed on the data connection."}
)

// Transferred takes what became of [ActionTransfer]: nil where all passed, an
// error that wraps a [*ReplyError] with the reply that it gets, or one of the
// file's. An upload is accepted here, when all of it came and is safe, and
// nowhere else.
func (s *Session) Transferred(err error) []Action {
	s.begin()
	t := s.transfer
	if t == nil {
		return s.actions
	}
	if err == nil && t.Upload != nil {
		s.setMode(t.Upload)
		err = t.Upload.Commit()
	} else if err != nil && t.Upload != nil {
		t.Upload.Abort()
	}
	if t.File != nil {
		t.File.Close()
	}
	refused, ok := errors.AsType[*ReplyError](err)
	switch {
	case err == nil:
		s.endTransfer(226, "Transfer complete.")
	case ok && refused.Code >= 400 && refused.Code < 600:
		s.endTransfer(refused.Code, printable(refused.Text))
	default:
		s.failTransfer(err)
	}
	return s.actions
}

// setMode gives a new file the permissions that SITE UMASK leaves it.
func (s *Session) setMode(up Upload) {
	if up, ok := up.(interface{ Chmod(fs.FileMode) error }); ok && s.umask >= 0 {
		up.Chmod(0o666 &^ fs.FileMode(s.umask))
	}
}

// abor is ABOR when no transfer is under way any more: it came too late, or cut
// one that has been answered with 426 (RFC 959 §4.1.3).
func (s *Session) abor([]byte) {
	text := "No transfer is under way."
	if s.aborted {
		s.aborted, text = false, "The transfer has ended."
	}
	if s.data == DataNone || s.data == DataOnlyNone {
		s.reply(226, text)
		return
	}
	s.reply(225, text)
}
