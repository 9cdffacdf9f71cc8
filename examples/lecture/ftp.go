package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"applayer/ftp"
)

var ftpScene = Scene{
	Name:  "ftp",
	Title: "files over connections of their own, control out of band, a server that keeps state",
	Run:   playFTP,
}

const (
	ftpServer = "ftp.someSchool.edu:21"
	syllabus  = "Week 1: principles\nWeek 2: the Web, and FTP\n"
	homework  = "My answers are on the back.\n"
	// videoSize is more than a network holds that nobody reads from.
	videoSize = 64 << 20
)

func playFTP(ctx context.Context, n *Net) (err error) {
	site, err := newFTPSite(ctx, n)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, site.stop()) }()
	f, err := dialFTP(ctx, n)
	if err != nil {
		return err
	}
	defer f.close()
	for _, act := range []func(context.Context, *ftpSite) error{f.login, f.list, f.retrieve, f.store, f.outOfBand, f.bye} {
		if err := act(ctx, site); err != nil {
			return err
		}
	}
	n.Table(f.rows...)
	return nil
}

// ftpSite is the server with bob's files.
type ftpSite struct {
	files *folder
	stop  func() error
	taken chan struct{} // has a value when the server has a passive data connection
}

func newFTPSite(ctx context.Context, n *Net) (s *ftpSite, err error) {
	s = &ftpSite{taken: make(chan struct{}, 1)}
	if s.files, err = newFolder(map[string]string{"courses/syllabus.txt": syllabus, "courses/video.mpg": ""}); err != nil {
		return nil, err
	}
	err = os.Truncate(filepath.Join(s.files.dir, "courses", "video.mpg"), videoSize)
	dir, dirErr := ftp.Dir(s.files.dir, nil)
	if err := errors.Join(err, dirErr); err != nil {
		return nil, errors.Join(err, s.files.remove())
	}
	srv := &ftp.Server{
		Auth: ftp.AuthenticatorFunc(func(_ context.Context, l ftp.Login) (*ftp.Account, error) {
			if l.User != "bob" || l.Password != "hungry" {
				return nil, ftp.ErrRefused
			}
			return &ftp.Account{FS: smallDisk{dir}}, nil
		}),
		Greeting: "ftp.someSchool.edu is ready",
		ListenData: func(ctx context.Context, network, addr string) (net.Listener, error) {
			ln, err := n.network.Listen(ctx, network, addr)
			return &tellingListener{ln, s.taken}, err
		},
		DialData: n.network.DialFrom,
	}
	ln, err := n.Listen(ctx, "tcp", ftpServer)
	if err != nil {
		return nil, errors.Join(err, dir.Close(), s.files.remove())
	}
	stop := serve(func() error { return srv.Serve(ln) }, srv.Close)
	s.stop = func() error {
		stop()
		return errors.Join(dir.Close(), s.files.remove())
	}
	return s, nil
}

// tellingListener tells when it is closed: the server has its data connection
// then.
type tellingListener struct {
	net.Listener
	closed chan<- struct{}
}

func (l *tellingListener) Close() error {
	err := l.Listener.Close()
	select {
	case l.closed <- struct{}{}:
	default:
	}
	return err
}

// diskFree is what an upload may have before the disk is full, in octets.
const diskFree = 1000

// smallDisk is a file system that is nearly full.
type smallDisk struct{ *ftp.DirFS }

func (d smallDisk) Create(name string, mode ftp.CreateMode, offset int64) (ftp.Upload, error) {
	u, err := d.DirFS.Create(name, mode, offset)
	return &smallUpload{Upload: u, free: diskFree}, err
}

type smallUpload struct {
	ftp.Upload
	free int
}

func (u *smallUpload) Write(p []byte) (int, error) {
	if len(p) > u.free {
		return 0, ftp.ErrNoSpace
	}
	u.free -= len(p)
	return u.Upload.Write(p)
}

// ftpDialogue is a user who says each command himself.
type ftpDialogue struct {
	n       *Net
	control *ftp.Conn
	rows    [][]string
	ports   []string // of the server, one for each data connection
}

func dialFTP(ctx context.Context, n *Net) (*ftpDialogue, error) {
	nc, err := n.DialNamed(ctx, "control", "tcp", ftpServer)
	if err != nil {
		return nil, err
	}
	f := &ftpDialogue{
		n: n, control: ftp.NewConn(nc, &ftp.ConnOptions{Client: true}),
		rows: [][]string{{"command", "replies", "what it means"}},
	}
	if deadline, ok := ctx.Deadline(); ok {
		nc.SetDeadline(deadline)
	}
	_, err = f.hear("the connection", "the server is ready", 220)
	return f, err
}

func (f *ftpDialogue) close() { f.control.Close() }

// say sends a command and hears its replies, the codes in that order.
func (f *ftpDialogue) say(command, means string, codes ...int) (text string, err error) {
	if err := f.control.WriteLine(command); err != nil {
		return "", err
	}
	return f.hear(command, means, codes...)
}

// hear waits for replies, and returns the text of the last.
func (f *ftpDialogue) hear(command, means string, codes ...int) (text string, err error) {
	var got []int
	for _, want := range codes {
		r, err := f.control.ReadReply()
		if err != nil {
			return "", err
		}
		got, text = append(got, r.Code), r.Text()
		if r.Code != want {
			break
		}
	}
	if !f.n.Expect(command, codes, got) {
		return "", errors.New(command + ": " + text)
	}
	f.rows = append(f.rows, []string{command, strings.Trim(show(got), "[]"), means})
	return text, nil
}

// login is authorisation over the control connection.
func (f *ftpDialogue) login(ctx context.Context, _ *ftpSite) error {
	for _, step := range []struct {
		command, means string
		code           int
	}{
		{"LIST", "not logged in", 530},
		{"USER bob", "user name okay, password required", 331},
		{"PASS spoiled", "refused: which of the two was wrong is not told", 530},
		{"USER bob", "once more", 331},
		{"PASS hungry", "logged in, until QUIT", 230},
		{"CWD courses", "the current directory is the server's to keep", 250},
		{"PWD", "where the user is", 257},
		{"RETR syllabus.txt", "can't open data connection: none was agreed on", 425},
	} {
		text, err := f.say(step.command, step.means, step.code)
		if err != nil {
			return err
		}
		if step.command == "PWD" {
			f.n.Expect("the current directory", true, strings.HasPrefix(text, `"/courses"`))
		}
	}
	return nil
}

// list asks for a listing, over a connection that the server makes.
func (f *ftpDialogue) list(ctx context.Context, _ *ftpSite) error {
	ln, err := f.port(ctx)
	if err != nil {
		return err
	}
	defer ln.Close()
	if _, err := f.say("LIST", "the server connects to the client's data port", 150); err != nil {
		return err
	}
	data, err := f.accept(ctx, ln)
	if err != nil {
		return err
	}
	defer data.Close()
	text, err := io.ReadAll(data)
	if err != nil {
		return err
	}
	f.n.Expect("the listing names both files", true, bytes.Contains(text, []byte(" syllabus.txt\r\n")) && bytes.Contains(text, []byte(" video.mpg\r\n")))
	data.Close()
	_, err = f.hear("… the listing's end", "data connection closed", 226)
	return err
}

// retrieve gets a file, over a connection that stands before it is asked for.
func (f *ftpDialogue) retrieve(ctx context.Context, site *ftpSite) error {
	if _, err := f.say("TYPE I", "octets as they are", 200); err != nil {
		return err
	}
	data, err := f.passive(ctx, site)
	if err != nil {
		return err
	}
	defer data.Close()
	if _, err := f.say("RETR syllabus.txt", "data connection already open, transfer starting", 125); err != nil {
		return err
	}
	text, err := io.ReadAll(data)
	if err != nil {
		return err
	}
	f.n.Expect("the file", syllabus, string(text))
	data.Close()
	_, err = f.hear("… the file's end", "data connection closed", 226)
	return err
}

// store puts a file that fits, and one that does not.
func (f *ftpDialogue) store(ctx context.Context, site *ftpSite) error {
	for _, tt := range []struct {
		name, content, means string
		code                 int
	}{
		{"homework.txt", homework, "the file is safe", 226},
		{"thesis.txt", strings.Repeat("page ", diskFree), "error writing file: no space", 452},
	} {
		ln, err := f.port(ctx)
		if err != nil {
			return err
		}
		defer ln.Close()
		if _, err := f.say("STOR "+tt.name, "the server connects to the client's data port", 150); err != nil {
			return err
		}
		data, err := f.accept(ctx, ln)
		if err != nil {
			return err
		}
		_, writeErr := io.WriteString(data, tt.content)
		data.Close()
		if _, err := f.hear("… the file's end", tt.means, tt.code); err != nil {
			return err
		}
		got, readErr := os.ReadFile(filepath.Join(site.files.dir, "courses", tt.name))
		if tt.code == 226 {
			f.n.Expect("the file at the server", tt.content, string(got))
			if err := errors.Join(writeErr, readErr); err != nil {
				return err
			}
			continue
		}
		f.n.Expect("nothing of it is at the server", true, errors.Is(readErr, os.ErrNotExist))
	}
	slices.Sort(f.ports)
	f.n.Printf("the server's data ports: %s; its control port: %s", strings.Join(f.ports, ", "), portOf(f.control.RemoteAddr()))
	return nil
}

// outOfBand talks on the control connection while a file is on its way.
func (f *ftpDialogue) outOfBand(ctx context.Context, site *ftpSite) error {
	data, err := f.passive(ctx, site)
	if err != nil {
		return err
	}
	defer data.Close()
	for _, step := range []struct {
		command, means string
		codes          []int
	}{
		{"RETR video.mpg", "data connection already open, transfer starting", []int{125}},
		{"STAT", "how far it is, while the data connection is full: control is out of band", []int{213}},
		{"ABOR", "the transfer is given up, the session goes on", []int{426, 226}},
	} {
		if _, err := f.say(step.command, step.means, step.codes...); err != nil {
			return err
		}
	}
	text, err := f.say("PWD", "state is kept: who logged in, and where he is", 257)
	f.n.Expect("the current directory", true, strings.HasPrefix(text, `"/courses"`))
	return err
}

func (f *ftpDialogue) bye(context.Context, *ftpSite) error {
	_, err := f.say("QUIT", "the control connection ends with the session", 221)
	return err
}
