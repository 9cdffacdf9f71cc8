// Server is a web server over a folder, with a form page and sessions: the
// server of the lecture's Web chapter.
package main

import (
	"context"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"os"

	"applayer/examples/internal/cli"
	"applayer/examples/internal/web"
	"applayer/http1"
	"applayer/http1/cookie"
	"applayer/http1/files"
)

func main() { cli.Main(program()) }

// options are the values of the flags.
type options struct {
	addr, root       string
	writable         bool
	listing          bool
	tlsCert, tlsKey  string
	sessionDB        string
	http10           bool
	maxURI, maxField int
	accessLog        string
}

func program() *cli.Program {
	var o options
	return &cli.Program{
		Name:     "server",
		Synopsis: "[-addr 127.0.0.1:8080] [-root DIR] [-writable] [-tls-cert F -tls-key F] [-session-db F] [-http1.0] [-max-uri N] [-max-header N]",
		About: `
Server answers GET and HEAD with the files of a folder, ranges and conditional
requests too, PUT and DELETE where -writable says so, and /form with the names
and values that a form sent. SIGINT or SIGTERM ends it.`,
		Example: `server -addr 127.0.0.1:8080 -root ./www &
curl http://127.0.0.1:8080/index.html`,
		Flags: func(fs *flag.FlagSet) {
			fs.StringVar(&o.addr, "addr", "127.0.0.1:8080", "`ADDR` to listen on")
			fs.StringVar(&o.root, "root", ".", "`DIR` to serve; no path and no link leaves it")
			fs.BoolVar(&o.writable, "writable", false, "allow PUT and DELETE")
			fs.BoolVar(&o.listing, "listing", true, "list folders without an index.html; false is 403")
			fs.StringVar(&o.tlsCert, "tls-cert", "", "`F` holds the certificate chain (PEM); with -tls-key the server speaks TLS")
			fs.StringVar(&o.tlsKey, "tls-key", "", "`F` holds the key of -tls-cert (PEM)")
			fs.StringVar(&o.sessionDB, "session-db", "", "give each visitor a cookie, and keep the sessions in `F`")
			fs.BoolVar(&o.http10, "http1.0", false, "speak HTTP/1.0: one request a connection")
			fs.IntVar(&o.maxURI, "max-uri", 16384, "longest URI in octets; a longer one gets 414 (`N`)")
			fs.IntVar(&o.maxField, "max-header", 65536, "largest header in octets; a larger one gets 431 (`N`)")
			fs.StringVar(&o.accessLog, "access-log", "", "append a line for each response to `F`, in Combined Log Format")
		},
		Run: func(ctx context.Context, env *cli.Env) error {
			switch {
			case len(env.Args) > 0:
				return cli.Usagef("%s: takes no arguments", env.Args[0])
			case (o.tlsCert == "") != (o.tlsKey == ""):
				return cli.Usagef("-tls-cert and -tls-key: one is not enough")
			case o.maxURI <= 0:
				return cli.Usagef("-max-uri %d: is not positive", o.maxURI)
			case o.maxField <= 0:
				return cli.Usagef("-max-header %d: is not positive", o.maxField)
			}
			return serve(ctx, env, &o)
		},
	}
}

// serve runs the server until ctx ends.
func serve(ctx context.Context, env *cli.Env, o *options) (err error) {
	root, err := os.OpenRoot(o.root)
	if err != nil {
		return err
	}
	defer root.Close()
	folder := &files.FileServer{Root: root, Writable: o.writable, Listing: o.listing, Gzip: true, Logger: env.Log}
	defer folder.Close()
	site := &site{files: folder, maxURI: o.maxURI, log: env.Log}
	if o.sessionDB != "" {
		db, err := openSessions(ctx, env, o.sessionDB)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, db.Close()) }()
		if site.sessions, err = newSessions(db, o.tlsCert != ""); err != nil {
			return err
		}
	}
	srv := &http1.Server{
		Handler: site,
		// The request line has a method and a version besides.
		Limits: http1.Limits{MaxStartLine: o.maxURI + 256, MaxFieldSection: o.maxField, MaxField: o.maxField},
		HTTP10: o.http10,
		Logger: env.Log,
		Trace:  web.Trace(env),
	}
	if o.tlsCert != "" {
		pair, err := tls.LoadX509KeyPair(o.tlsCert, o.tlsKey)
		if err != nil {
			return err
		}
		srv.TLSConfig = &tls.Config{Certificates: []tls.Certificate{pair}}
	}
	if o.accessLog != "" {
		f, err := os.OpenFile(o.accessLog, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
		if err != nil {
			return err
		}
		defer f.Close()
		srv.AccessLog = &http1.AccessLog{Writer: f, Combined: true}
	}
	ln, err := env.Listen(ctx, "tcp", o.addr)
	if err != nil {
		return err
	}
	env.Listening("", ln.Addr())
	return env.ServeAll(ctx, cli.Service{
		Serve:    func() error { return srv.Serve(ln) },
		Shutdown: srv.Shutdown,
		Closed:   http1.ErrServerClosed,
	})
}

// openSessions opens the database of the sessions.
func openSessions(ctx context.Context, env *cli.Env, name string) (*cookie.FileDatabase, error) {
	ctx, cancel := context.WithTimeout(ctx, cli.ShutdownTimeout)
	defer cancel()
	db, err := cookie.OpenFileDatabase(ctx, name)
	if err != nil {
		return nil, fmt.Errorf("-session-db: %w", err)
	}
	for _, err := range db.Damaged() {
		env.Log.Warn("session lost", "err", err)
	}
	return db, nil
}

// newSessions makes sessions whose cookie no plain connection carries where the
// server speaks TLS.
func newSessions(db cookie.Database, secure bool) (*cookie.Sessions, error) {
	o := cookie.SessionOptions{Database: db}
	if secure {
		o.Cookie = cookie.SetCookie{Name: "__Host-id", Secure: true}
	}
	return cookie.NewSessions(&o)
}
