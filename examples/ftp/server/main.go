// Server is an FTP server over a folder: the server of the lecture's chapter on
// file transfer.
package main

import (
	"context"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/netip"

	"applayer/examples/internal/cli"
	"applayer/examples/internal/users"
	"applayer/ftp"
	"applayer/sockets"
)

func main() { cli.Main(program()) }

const defaultAddr = "127.0.0.1:8021"

// options are the values of the flags.
type options struct {
	addr, ftps      string
	root            string
	users           string
	anonymous       bool
	writable        bool
	keepPartial     bool
	noSync          bool
	quota           int64
	ports           sockets.PortRange
	ip              netip.Addr
	tlsCert, tlsKey string
	requireTLS      bool
}

func program() *cli.Program {
	var o options
	return &cli.Program{
		Name:     "server",
		Synopsis: "[-addr 127.0.0.1:8021] [-root DIR] [-users FILE] [-anonymous] [-writable] [-pasv-ports A-B] [-pasv-ip IP] [-tls-cert F -tls-key F] [-ftps ADDR] [-require-tls]",
		About: `
Server serves the files of a folder by FTP. Who may come in is in the users
file, a line name:password[:home] each; who has a home sees nothing but that
folder of the root. Without a users file everybody may come in as anonymous, to
look and to take. A new file stands under its name when it is whole.

With -ftps alone there is no listener in the clear. SIGINT or SIGTERM ends it.`,
		Example: `printf 'bob:secret\n' >users
server -addr 127.0.0.1:8021 -root ./pub -users users -writable &
curl -T notes.txt ftp://bob:secret@127.0.0.1:8021/`,
		Flags: func(fs *flag.FlagSet) {
			fs.StringVar(&o.addr, "addr", "", "`ADDR` to listen on (default "+defaultAddr+", and none with -ftps)")
			fs.StringVar(&o.ftps, "ftps", "", "`ADDR` to listen on for clients that begin with TLS; 127.0.0.1:8990 is usual here")
			fs.StringVar(&o.root, "root", ".", "`DIR` to serve; no path and no link leaves it")
			fs.StringVar(&o.users, "users", "", "`FILE` of lines name:password[:home]")
			fs.BoolVar(&o.anonymous, "anonymous", false, "let everybody in as anonymous or ftp (the default without -users)")
			fs.BoolVar(&o.writable, "writable", false, "allow uploads and changes, to anonymous only where there are no users")
			fs.BoolVar(&o.keepPartial, "keep-partial", false, "keep what arrived of a new file whose upload broke off, so that it can go on")
			fs.BoolVar(&o.noSync, "no-sync", false, "acknowledge uploads before they are on the disk")
			fs.Int64Var(&o.quota, "quota", 0, "most octets that the files may have together, `N`; 0 is no end")
			fs.TextVar(&o.ports, "pasv-ports", sockets.PortRange{}, "ports `A-B` for passive data connections (default any)")
			fs.TextVar(&o.ip, "pasv-ip", netip.Addr{}, "`IP` to tell clients in the reply to PASV: that of a NAT before us (default the one they came to)")
			fs.StringVar(&o.tlsCert, "tls-cert", "", "`F` holds the certificate chain (PEM); with -tls-key clients can send AUTH TLS")
			fs.StringVar(&o.tlsKey, "tls-key", "", "`F` holds the key of -tls-cert (PEM)")
			fs.BoolVar(&o.requireTLS, "require-tls", false, "refuse logins and transfers in the clear")
		},
		Run: func(ctx context.Context, env *cli.Env) error {
			if err := o.check(env); err != nil {
				return err
			}
			return serve(ctx, env, &o)
		},
	}
}

// check refuses what cannot be meant.
func (o *options) check(env *cli.Env) error {
	switch {
	case len(env.Args) > 0:
		return cli.Usagef("%s: takes no arguments", env.Args[0])
	case (o.tlsCert == "") != (o.tlsKey == ""):
		return cli.Usagef("-tls-cert and -tls-key: one is not enough")
	case o.tlsCert == "" && o.ftps != "":
		return cli.Usagef("-ftps: needs -tls-cert and -tls-key")
	case o.tlsCert == "" && o.requireTLS:
		return cli.Usagef("-require-tls: needs -tls-cert and -tls-key")
	case o.ip.IsValid() && !o.ip.Unmap().Is4():
		return cli.Usagef("-pasv-ip %s: is no IPv4 address, and PASV can tell no other", o.ip)
	case o.quota < 0:
		return cli.Usagef("-quota %d: is negative", o.quota)
	}
	return nil
}

// serve runs the server until ctx ends.
func serve(ctx context.Context, env *cli.Env, o *options) (err error) {
	root, err := ftp.Dir(o.root, &ftp.DirOptions{
		ReadOnly: !o.writable, KeepPartial: o.keepPartial, NoSync: o.noSync, Quota: o.quota,
	})
	if err != nil {
		return err
	}
	who := &accounts{root: root, anonymous: o.anonymous || o.users == "", writable: o.writable, log: env.Log}
	defer func() { err = errors.Join(err, who.Close()) }()
	if o.users != "" {
		if who.users, err = users.ReadFile(o.users); err != nil {
			return err
		}
	}
	srv := &ftp.Server{
		Auth: who, Logger: env.Log, Trace: trace(env),
		PassivePorts: o.ports, RequireTLS: o.requireTLS,
	}
	if o.ip.IsValid() {
		srv.PublicIP = func(net.Addr) netip.Addr { return o.ip }
	}
	if o.tlsCert != "" {
		pair, err := tls.LoadX509KeyPair(o.tlsCert, o.tlsKey)
		if err != nil {
			return err
		}
		srv.TLSConfig = &tls.Config{Certificates: []tls.Certificate{pair}}
	}
	services, err := listen(ctx, env, srv, o)
	if err != nil {
		return err
	}
	return env.ServeAll(ctx, services...)
}

// listen binds what the flags name.
func listen(ctx context.Context, env *cli.Env, srv *ftp.Server, o *options) ([]cli.Service, error) {
	plain, role := o.addr, ""
	switch {
	case plain == "" && o.ftps == "":
		plain = defaultAddr
	case plain != "" && o.ftps != "":
		role = "ftp"
	}
	var services []cli.Service
	open := func(addr, role string, serve func(net.Listener) error) error {
		if addr == "" {
			return nil
		}
		ln, err := env.Listen(ctx, "tcp", addr)
		if err != nil {
			return err
		}
		env.Listening(role, ln.Addr())
		services = append(services, cli.Service{
			Serve:    func() error { return serve(ln) },
			Shutdown: srv.Shutdown,
			Closed:   ftp.ErrServerClosed,
		})
		return nil
	}
	if err := open(plain, role, srv.Serve); err != nil {
		return nil, err
	}
	if role != "" {
		role = "ftps"
	}
	return services, open(o.ftps, role, srv.ServeTLS)
}

// trace prints the dialogue to stderr under -v; passwords are shown under
// -v-secrets alone.
func trace(env *cli.Env) *ftp.Trace {
	if !env.Verbose {
		return nil
	}
	return &ftp.Trace{Secrets: env.Secrets, Line: func(server bool, line []byte) {
		fmt.Fprintln(env.Stderr, sockets.TranscriptLine{Server: server, Text: string(line)})
	}}
}
