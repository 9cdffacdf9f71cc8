package files

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path"
	"strconv"
	"strings"
	"sync"
	"time"

	"applayer/http1"
)

// FileServer serves the files of a folder. Its fields may not change once it
// is used; goroutines may share it. Close it to close the files that it holds.
type FileServer struct {
	// Root is the folder, which neither ".." nor a symbolic link leaves.
	Root *os.Root
	// FS is what is served where Root is nil. It cannot be written to. A file
	// that is no io.Seeker is sent whole, or one range of it.
	FS fs.FS
	// Prefix is the path under which the folder stands, such as "/static": paths
	// outside it get 404.
	Prefix string
	// Index names the files that stand for a folder, the first that there is
	// (default index.html; an empty list that is not nil, none).
	Index []string
	// Listing allows that a folder without such a file is listed.
	Listing bool
	// MaxListing bounds the names in a listing (default 10000, negative none).
	MaxListing int
	// Writable allows PUT and DELETE.
	Writable bool
	// MaxUpload bounds the octets of a PUT (default 1 GiB, negative none). More
	// get 413.
	MaxUpload int64
	// Dotfiles shows files and folders whose name begins with a dot.
	Dotfiles bool
	// Gzip sends the file of the same name with ".gz" behind it to whom accepts
	// that coding (RFC 9110 §12.5.3), unless it is older than the file itself.
	Gzip bool
	// Types has media types by extension, such as ".html", in lower case. They
	// go before those of [TypeOf].
	Types map[string]string
	// MaxRanges is how many parts a response has at most (default 16); a
	// negative value, that ranges are not served.
	MaxRanges int
	// OpenFiles is how many files that were asked for are held open for the
	// next time, small ones with their octets (default 256, negative none; on
	// Linux alone). Each takes up to three descriptors, or one and 32 KiB. A
	// change shows at once, but for that of a folder above the file, and of a
	// first compressed file beside it, which take up to a second.
	OpenFiles int
	// Recheck is how long a file that is held stands for unchanged without being
	// asked, but for a PUT or DELETE of its name here (default 0: it is asked for
	// each answer). That saves a system call where files are small and change
	// seldom; nginx calls it open_file_cache_valid.
	Recheck time.Duration
	// Logger is told of files that could not be read or written; nil is silent.
	Logger *slog.Logger

	// change is held from the last look at a file's validators to its change,
	// so that of two who made the same precondition one fails.
	change sync.Mutex

	cache cache
	hasty time.Duration // by how much tests hold files sooner
}

// ServeHTTP answers a request for a file.
func (s *FileServer) ServeHTTP(ctx context.Context, w *http1.ResponseWriter, r *http1.Request) {
	h := w.Header()
	// Browsers believe the type and do not look for a better one in content
	// that a stranger may have uploaded.
	h.Set("X-Content-Type-Options", "nosniff")
	switch r.Method {
	case http1.MethodGet, http1.MethodHead:
		s.get(ctx, w, r)
	case http1.MethodOptions:
		h.Set("Allow", s.allowed())
		w.WriteHeader(http1.StatusNoContent)
	case http1.MethodPut, http1.MethodDelete, http1.MethodPost, http1.MethodPatch, http1.MethodTrace, http1.MethodConnect:
		switch {
		case s.writable() && r.Method == http1.MethodPut:
			s.put(w, r)
		case s.writable() && r.Method == http1.MethodDelete:
			s.delete(w, r)
		default:
			h.Set("Allow", s.allowed()) // RFC 9110 §15.5.6
			refuse(w, http1.StatusMethodNotAllowed)
		}
	default:
		refuse(w, http1.StatusNotImplemented) // RFC 9110 §9.1
	}
}

func (s *FileServer) writable() bool { return s.Writable && s.Root != nil }

func (s *FileServer) allowed() string {
	if s.writable() {
		return "GET, HEAD, OPTIONS, PUT, DELETE"
	}
	return "GET, HEAD, OPTIONS"
}

// get answers GET and HEAD.
func (s *FileServer) get(ctx context.Context, w *http1.ResponseWriter, r *http1.Request) {
	p, status := s.resolve(r.Target.Path)
	if status == 0 && p.hidden {
		status = http1.StatusNotFound
	}
	if status != 0 {
		refuse(w, status)
		return
	}
	if name, page := s.recallIndex(p); page != nil {
		defer page.Close()
		s.send(ctx, w, r, name, page)
		return
	}
	f, err := s.open(p.name)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	defer f.Close()
	switch {
	case f.info.IsDir() && p.slash:
		s.folder(ctx, w, r, p, f)
	case f.info.IsDir():
		s.redirect(w, r, p)
	case p.slash: // a file has nothing below it
		refuse(w, http1.StatusNotFound)
	default:
		s.send(ctx, w, r, p.name, f)
	}
}

// redirect sends a client that left out the slash behind a folder's name to
// where relative links on its page will work. The path is the resolved one,
// which has one slash in front: "//evil.example" would name a host
// (RFC 3986 §4.2).
func (s *FileServer) redirect(w *http1.ResponseWriter, r *http1.Request, p place) {
	to := s.location(p) + "/"
	if r.Target.HasQuery {
		to += "?" + r.Target.Query
	}
	w.Header().Set("Location", to)
	refuse(w, http1.StatusMovedPermanently)
}

// location returns the path of a place, encoded.
func (s *FileServer) location(p place) string {
	u := url.URL{Path: strings.TrimSuffix(s.Prefix, "/") + "/" + p.name}
	return u.EscapedPath()
}

// index returns the names of index pages.
func (s *FileServer) index() []string {
	if s.Index == nil {
		return []string{"index.html"}
	}
	return s.Index
}

// recallIndex returns the index page of a folder if it is held, so that the
// folder need not be opened. Only the first name will do: that it is there
// tells that it stands for the folder.
func (s *FileServer) recallIndex(p place) (name string, page *opened) {
	index := s.index()
	if !p.slash || len(index) == 0 {
		return "", nil
	}
	name = path.Join(p.name, index[0])
	return name, s.recall(name)
}

// folder answers for a folder that stands open: its index page, or a listing.
func (s *FileServer) folder(ctx context.Context, w *http1.ResponseWriter, r *http1.Request, p place, dir *opened) {
	for _, base := range s.index() {
		name := path.Join(p.name, base)
		f, err := s.open(name)
		if err == nil && f.info.IsDir() {
			f.Close()
			continue
		}
		switch {
		case err == nil:
			defer f.Close()
			s.send(ctx, w, r, name, f)
			return
		case statusOf(err) != http1.StatusNotFound:
			s.fail(w, r, err)
			return
		}
	}
	if !s.Listing {
		refuse(w, http1.StatusForbidden)
		return
	}
	s.list(w, r, p, dir)
}

// send answers with a file.
func (s *FileServer) send(ctx context.Context, w *http1.ResponseWriter, r *http1.Request, name string, f *opened) {
	h := w.Header()
	if s.Gzip {
		// Said of every file: what would be sent to another is not known to who
		// keeps this answer (RFC 9110 §12.5.5).
		h.Add("Vary", "Accept-Encoding")
		if z := s.openGzip(r, name, f); z != nil {
			defer z.Close()
			f = z
			h.Set("Content-Encoding", "gzip")
		}
	}
	c := http1.Content{
		Body: f.body(), Size: f.info.Size(), Type: s.typeOf(name),
		Validators: f.validators(), MaxRanges: s.MaxRanges,
	}
	if f.held != nil {
		h.Set("Last-Modified", f.held.date)
	}
	if _, ok := c.Body.(*forward); ok && c.MaxRanges >= 0 {
		c.MaxRanges = 1
	}
	err := http1.ServeContent(ctx, w, r, c)
	if _, ok := errors.AsType[*fs.PathError](err); ok || errors.Is(err, io.ErrUnexpectedEOF) {
		s.log(r, err) // the file, not the connection
	}
}

// openGzip opens the compressed file beside another, nil if there is none to
// be sent.
func (s *FileServer) openGzip(r *http1.Request, name string, plain *opened) *opened {
	weight := r.Header.EncodingWeight("gzip")
	if weight == 0 || weight < r.Header.EncodingWeight("identity") {
		return nil
	}
	now := time.Now()
	if plain.held != nil && s.cache.isPlain(plain.held, now) {
		return nil
	}
	z, err := s.open(name + ".gz")
	if err != nil {
		if plain.held != nil && errors.Is(err, fs.ErrNotExist) {
			s.cache.setPlain(plain.held, now)
		}
		return nil
	}
	if z.info.IsDir() || z.info.ModTime().Before(plain.info.ModTime()) {
		z.Close()
		return nil
	}
	return z
}

// fail answers a request that the file system refused.
func (s *FileServer) fail(w *http1.ResponseWriter, r *http1.Request, err error) {
	status := statusOf(err)
	if status >= 500 {
		s.log(r, err)
	}
	refuse(w, status)
}

func (s *FileServer) log(r *http1.Request, err error) {
	if s.Logger != nil {
		s.Logger.Error("file", "method", r.Method, "path", r.Target.Path, "err", err)
	}
}

// refuse answers with a status and its reason for people to read.
func refuse(w *http1.ResponseWriter, status int) {
	w.Error(status, strconv.Itoa(status)+" "+http1.StatusText(status))
}
