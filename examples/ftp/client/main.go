// Client moves files by FTP, by commands typed or given: the client of the
// lecture's chapter on file transfer.
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"

	"applayer/examples/internal/cli"
	"applayer/ftp"
	"applayer/sockets"
)

func main() { cli.Main(program()) }

// options are the values of the flags.
type options struct {
	user, pass, account string
	active              bool
	tls, ftps, insecure bool
	ca                  string
	trust, hidden       bool
	latin1              bool
	rate                int64
}

func program() *cli.Program {
	var o options
	return &cli.Program{
		Name:     "client",
		Synopsis: "[-user U -pass P] [-active] [-tls] [-k] [-ca FILE] HOST:PORT [COMMAND ...]",
		About: `
Client moves files by FTP. The words after the address are one command; without
them commands are read from standard input, one a line, until its end. A
command that fails ends the program with status 1, unless a person types it.

Relative paths count from the current directory, on either side. Words with
spaces are quoted. The commands are

` + help(),
		Example: `client -user bob -pass secret 127.0.0.1:8021 get notes.txt
printf 'cd pub\nls\nput "my file"\n' | client -user bob -pass secret 127.0.0.1:8021`,
		Flags: func(fs *flag.FlagSet) {
			fs.StringVar(&o.user, "user", "", "log in as `U` (default anonymous)")
			fs.StringVar(&o.pass, "pass", "", "password `P` of -user")
			fs.StringVar(&o.account, "account", "", "account `A`, where the server asks for one")
			fs.BoolVar(&o.active, "active", false, "have the server open data connections")
			fs.BoolVar(&o.tls, "tls", false, "secure the session (AUTH TLS), or send nothing")
			fs.BoolVar(&o.ftps, "ftps", false, "begin with TLS, as on port 990")
			fs.BoolVar(&o.insecure, "k", false, "take any certificate")
			fs.StringVar(&o.ca, "ca", "", "trust the certificates in `FILE` (PEM) alone")
			fs.BoolVar(&o.trust, "trust-pasv", false, "connect to the host that a reply to PASV names")
			fs.BoolVar(&o.hidden, "hidden", false, "list names that begin with a dot too, where the server leaves them out")
			fs.BoolVar(&o.latin1, "latin1", false, "the server's names are in ISO 8859-1, not UTF-8")
			fs.Int64Var(&o.rate, "rate", 0, "move at most `N` octets a second; 0 is no end")
		},
		Run: func(ctx context.Context, env *cli.Env) error {
			if len(env.Args) == 0 {
				return cli.Usagef("give the server's address, and perhaps a command")
			}
			return run(ctx, env, &o)
		},
	}
}

// run opens the session and runs the command, or those of standard input.
func run(ctx context.Context, env *cli.Env, o *options) error {
	addr := env.Args[0]
	if _, _, err := net.SplitHostPort(addr); err != nil {
		addr = net.JoinHostPort(addr, "21")
	}
	words := env.Args[1:]
	if len(words) > 0 {
		if _, err := find(words); err != nil {
			return cli.Usagef("%v", err)
		}
	}
	opts, err := o.options(env)
	if err != nil {
		return err
	}
	s := &session{env: env, progress: newBars(env)}
	opts.Progress = s.progress.report
	s.pool = ftp.NewPool("tcp", addr, opts)
	defer s.close(ctx)
	if err := s.begin(ctx); err != nil {
		return err
	}
	if len(words) > 0 {
		return s.do(ctx, words)
	}
	return s.script(ctx)
}

// options are those of the package for the flags.
func (o *options) options(env *cli.Env) (*ftp.Options, error) {
	opts := &ftp.Options{
		User: o.user, Password: o.pass, Account: o.account,
		Active: o.active, TrustPassiveHost: o.trust, Hidden: o.hidden, Rate: o.rate,
		DialControl: env.DialQuietly,
		TLSConfig:   &tls.Config{InsecureSkipVerify: o.insecure},
	}
	switch {
	case o.ftps:
		opts.TLS = ftp.TLSImplicit
	case o.tls:
		opts.TLS = ftp.TLSExplicit
	}
	if o.latin1 {
		opts.Charset = ftp.Latin1{}
	}
	if env.Verbose {
		opts.Trace = &ftp.Trace{Secrets: env.Secrets, Line: func(server bool, line []byte) {
			fmt.Fprintln(env.Stderr, sockets.TranscriptLine{Server: server, Text: string(line)})
		}}
	}
	if o.ca == "" {
		return opts, nil
	}
	pem, err := os.ReadFile(o.ca)
	if err != nil {
		return nil, err
	}
	opts.TLSConfig.RootCAs = x509.NewCertPool()
	if !opts.TLSConfig.RootCAs.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s: %w", o.ca, errors.New("no certificate in PEM"))
	}
	return opts, nil
}
