// Server is a domain's mail server: mail comes in by SMTP, goes out through a
// queue, and is read by POP3 or by a web page.
package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/netip"
	"time"

	"applayer/dns"
	"applayer/examples/internal/cli"
	"applayer/examples/internal/maildomain"
	"applayer/examples/internal/stub"
	"applayer/examples/internal/web"
	"applayer/pop3"
	"applayer/smtp"
	"applayer/sockets"
)

func main() { cli.Main(program()) }

// options are the values of the flags.
type options struct {
	domain, hostname, data, users string
	addrs                         map[string]*string // by role
	tlsCert, tlsKey               string
	resolver                      string
	smtpPort                      uint
	retry                         time.Duration
	relayFrom                     []netip.Prefix
	quota                         int64
}

// role is one of the things that the server does, each on a listener of its own.
type role struct {
	name, addr, about string
	// byDefault tells that it is there where no role was named.
	byDefault bool
	needsTLS  bool
}

// roles are all, in the order in which they listen.
var roles = []role{
	{"smtp", "127.0.0.1:8025", "mail from other hosts", true, false},
	{"submission", "127.0.0.1:8587", "mail from users, who log in", true, false},
	{"lmtp", "127.0.0.1:8024", "mail that a mail system of this host hands over", false, false},
	{"pop3", "127.0.0.1:8110", "users' mail", true, false},
	{"smtps", "127.0.0.1:8465", "mail from users, over TLS from the start", false, true},
	{"pop3s", "127.0.0.1:8995", "users' mail, over TLS from the start", false, true},
	{"web", "127.0.0.1:8080", "the page to read and send mail by, to log in to from this host alone", false, false},
	{"webs", "127.0.0.1:8443", "the page over TLS", false, true},
}

func program() *cli.Program {
	o := options{addrs: map[string]*string{}}
	return &cli.Program{
		Name: "server",
		Synopsis: "-domain D -data DIR -users FILE [-smtp ADDR] [-submission ADDR] [-pop3 ADDR] [-lmtp ADDR] " +
			"[-smtps ADDR] [-pop3s ADDR] [-web ADDR] [-webs ADDR] [-tls-cert F -tls-key F] [-resolver ADDR] [-map FILE] [-smtp-port N] [-retry D] [-relay-from PREFIX]",
		About: `
Server is the mail server of a domain. Mail for its users goes into Maildir
folders below DIR, as DIR/USER/Maildir; mail that they send goes into a queue
there and on to the hosts that the MX records of its domain name. Users read by
POP3 or by a web page. The users file has a line name:password each; they log in
as name or as name@domain, in the clear from this host alone. Without any
listener named it has SMTP, submission and POP3.

SIGHUP has it read the users file again; SIGINT or SIGTERM ends it.`,
		Example: `printf 'bob:hungry\n' >users
server -domain hamburger.edu -data ./mail -users users -smtp 127.0.0.1:8025 -pop3 127.0.0.1:8110 &
curl smtp://127.0.0.1:8025 --mail-from alice@crepes.fr --mail-rcpt bob@hamburger.edu -T message.eml
curl -u bob:hungry pop3://127.0.0.1:8110/1`,
		NotBuilt: []string{"imap", "imaps"},
		Flags: func(fs *flag.FlagSet) {
			fs.StringVar(&o.domain, "domain", "", "the domain `D` whose mail this is")
			fs.StringVar(&o.hostname, "hostname", "", "the host's `NAME` in greetings (default the domain)")
			fs.StringVar(&o.data, "data", "", "`DIR` for mailboxes and queue; it is made if it is not there")
			fs.StringVar(&o.users, "users", "", "`FILE` of lines name:password")
			for _, r := range roles {
				usage := "`ADDR` for " + r.about
				if r.byDefault {
					usage += " (default " + r.addr + ", if no listener is named)"
				} else {
					usage += "; " + r.addr + " is usual here"
				}
				o.addrs[r.name] = fs.String(r.name, "", usage)
			}
			fs.StringVar(&o.tlsCert, "tls-cert", "", "`F` holds the certificate chain (PEM); with -tls-key there is STARTTLS and STLS everywhere")
			fs.StringVar(&o.tlsKey, "tls-key", "", "`F` holds the key of -tls-cert (PEM)")
			fs.StringVar(&o.resolver, "resolver", "", "`ADDR` of the name server to ask for other hosts (default the system's), port 53 if none is given")
			fs.UintVar(&o.smtpPort, "smtp-port", 25, "port `N` of other hosts")
			fs.DurationVar(&o.retry, "retry", 5*time.Minute, "after what time `D` the queue tries again at first; then it doubles, up to 4 hours")
			fs.Func("relay-from", "network `PREFIX` that may send to anywhere without a login, may be repeated", o.addRelayFrom)
			fs.Int64Var(&o.quota, "quota", 0, "most octets that a user's messages may have, `N`; 0 is no end")
		},
		Run: func(ctx context.Context, env *cli.Env) error {
			if err := o.check(env); err != nil {
				return err
			}
			return serve(ctx, env, &o)
		},
	}
}

func (o *options) addRelayFrom(s string) error {
	if addr, err := netip.ParseAddr(s); err == nil {
		o.relayFrom = append(o.relayFrom, netip.PrefixFrom(addr, addr.BitLen()))
		return nil
	}
	p, err := netip.ParsePrefix(s)
	o.relayFrom = append(o.relayFrom, p)
	return err
}

// check refuses what cannot be meant, and fills in the listeners that nobody
// named.
func (o *options) check(env *cli.Env) error {
	switch {
	case len(env.Args) > 0:
		return cli.Usagef("%s: takes no arguments", env.Args[0])
	case o.domain == "" || o.data == "" || o.users == "":
		return cli.Usagef("give -domain, -data and -users")
	case (o.tlsCert == "") != (o.tlsKey == ""):
		return cli.Usagef("-tls-cert and -tls-key: one is not enough")
	case o.smtpPort == 0 || o.smtpPort > 65535:
		return cli.Usagef("-smtp-port %d: is no port", o.smtpPort)
	case o.retry <= 0:
		return cli.Usagef("-retry %s: is not positive", o.retry)
	case o.quota < 0:
		return cli.Usagef("-quota %d: is negative", o.quota)
	}
	for _, f := range []struct{ flag, name string }{{"domain", o.domain}, {"hostname", cmp.Or(o.hostname, o.domain)}} {
		if _, err := smtp.ParseMailbox("postmaster@" + f.name); err != nil {
			return cli.Usagef("-%s %s: %v", f.flag, f.name, err)
		}
	}
	named := false
	for _, r := range roles {
		named = named || *o.addrs[r.name] != ""
		if r.needsTLS && *o.addrs[r.name] != "" && o.tlsCert == "" {
			return cli.Usagef("-%s: needs -tls-cert and -tls-key", r.name)
		}
	}
	for _, r := range roles {
		if !named && r.byDefault {
			*o.addrs[r.name] = r.addr
		}
	}
	return nil
}

// serve runs the server until ctx ends.
func serve(ctx context.Context, env *cli.Env, o *options) (err error) {
	opts := maildomain.Options{
		Name: o.domain, Hostname: o.hostname, Dir: o.data, Users: o.users, Quota: o.quota,
		RelayFrom: o.relayFrom, Port: uint16(o.smtpPort), FirstRetry: o.retry,
		Dial: env.DialQuietly, Logger: env.Log,
		SMTPTrace: smtpTrace(env, ""), RelayTrace: smtpTrace(env, "relay"), POP3Trace: pop3Trace(env), HTTPTrace: web.Trace(env),
	}
	if o.tlsCert != "" {
		pair, err := tls.LoadX509KeyPair(o.tlsCert, o.tlsKey)
		if err != nil {
			return err
		}
		opts.TLSConfig = &tls.Config{Certificates: []tls.Certificate{pair}}
	}
	if o.resolver != "" {
		server, err := stub.ParseServer(o.resolver)
		if err != nil {
			return cli.Usagef("-resolver: %v", err)
		}
		client := &dns.Client{Transport: &dns.Transport{Dialer: &sockets.Dialer{Connect: env.DialQuietly}}}
		defer client.Close()
		opts.Resolver = &stub.Resolver{Client: client, Server: server}
	}
	d, err := maildomain.Open(&opts)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	defer cli.OnHangup(ctx, func() {
		if err := d.Reload(); err != nil {
			env.Log.Error("users file not read again", "err", err)
		}
	})()
	services, err := listen(ctx, env, d, o)
	if err != nil {
		return err
	}
	return env.ServeAll(ctx, append(services, queueService(d))...)
}

// queueService runs the queue as the servers are run.
func queueService(d *maildomain.Domain) cli.Service {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	return cli.Service{
		Serve: func() error {
			defer close(ended)
			return d.Run(ctx)
		},
		Shutdown: func(ctx context.Context) error {
			cancel()
			select {
			case <-ended:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		},
		Closed: context.Canceled,
	}
}

// listen binds what is named. SMTP submission with and without TLS are one
// server, and so is POP3.
func listen(ctx context.Context, env *cli.Env, d *maildomain.Domain, o *options) (services []cli.Service, err error) {
	receiver, submission, lmtp, pop := d.SMTP(), d.Submission(), d.LMTP(), d.POP3()
	page, err := d.Web(false)
	if err != nil {
		return nil, err
	}
	securePage, err := d.Web(true)
	if err != nil {
		return nil, err
	}
	type server interface{ Shutdown(context.Context) error }
	servers := map[string]struct {
		server
		serve func(net.Listener) error
	}{
		"smtp":       {receiver, receiver.Serve},
		"submission": {submission, submission.Serve},
		"smtps":      {submission, submission.ServeTLS},
		"lmtp":       {lmtp, lmtp.Serve},
		"pop3":       {pop, pop.Serve},
		"pop3s":      {pop, pop.ServeTLS},
		"web":        {page, page.Serve},
		"webs":       {securePage, securePage.Serve},
	}
	for _, r := range roles {
		addr := *o.addrs[r.name]
		if addr == "" {
			continue
		}
		ln, err := env.Listen(ctx, "tcp", addr)
		if err != nil {
			return nil, err
		}
		env.Listening(r.name, ln.Addr())
		s := servers[r.name]
		services = append(services, cli.Service{
			Serve: func() error { return s.serve(ln) }, Shutdown: s.Shutdown, Closed: sockets.ErrServerClosed,
		})
	}
	return services, nil
}

// smtpTrace prints the dialogue to stderr under -v, passwords under -v-secrets
// alone.
func smtpTrace(env *cli.Env, who string) *smtp.Trace {
	if !env.Verbose {
		return nil
	}
	return &smtp.Trace{Secrets: env.Secrets, Line: printer(env, who)}
}

func pop3Trace(env *cli.Env) *pop3.Trace {
	if !env.Verbose {
		return nil
	}
	return &pop3.Trace{Secrets: env.Secrets, Line: printer(env, "")}
}

func printer(env *cli.Env, who string) func(server bool, line []byte) {
	return func(server bool, line []byte) {
		fmt.Fprintln(env.Stderr, sockets.TranscriptLine{Conn: who, Server: server, Text: string(line)})
	}
}
