package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"applayer/dns"
	"applayer/dns/zone"
	"applayer/examples/internal/maildomain"
	"applayer/examples/internal/stub"
	"applayer/http1"
	"applayer/http1/cookie"
	"applayer/http1/form"
	"applayer/mime"
	"applayer/pop3"
	"applayer/smtp"
	"applayer/smtp/queue"
)

var aliceBobScene = Scene{
	Name:  "alice-bob",
	Title: "from Alice's user agent over two mail servers to Bob's; his is down at first; a message for nobody",
	Run:   playAliceBob,
}

// mailZones are the names of the two domains.
var mailZones = []string{`$ORIGIN crepes.fr.
$TTL 3600
@    SOA ns hostmaster 1 7200 900 1209600 300
     NS  ns
     MX  10 mail
ns   A   192.0.2.53
mail A   192.0.2.1
`, `$ORIGIN hamburger.edu.
$TTL 3600
@    SOA ns.crepes.fr. hostmaster 1 7200 900 1209600 300
     NS  ns.crepes.fr.
     MX  10 mail
mail A   192.0.2.2
www  CNAME mail
`}

const (
	crepesHost    = "192.0.2.1"
	hamburgerHost = "192.0.2.2"
	// firstRetry is five minutes in earnest.
	firstRetry = 200 * time.Millisecond
)

func playAliceBob(ctx context.Context, n *Net) (err error) {
	store, err := loadZones(mailZones...)
	if err != nil {
		return err
	}
	names, stopNames, err := serveNames(ctx, n, "ns.crepes.fr", "192.0.2.53:53", &zone.Handler{Store: store})
	if err != nil {
		return err
	}
	defer stopNames()
	crepes, err := openOffice(n, names, office{domain: "crepes.fr", host: crepesHost, users: "alice:maple\n"})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, crepes.close()) }()
	if err := crepes.serve(ctx); err != nil {
		return err
	}
	hamburger, err := openOffice(n, names, office{domain: "hamburger.edu", host: hamburgerHost, users: popUser + ":" + popPass + "\n"})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, hamburger.close()) }()

	m := &mailing{n: n, names: names, crepes: crepes, hamburger: hamburger}
	for _, act := range []func(context.Context) error{m.submit, m.retry, m.readByPOP3, m.readByWeb, m.answer, m.bounce} {
		if err := act(ctx); err != nil {
			return err
		}
	}
	n.Printf("IMAP, another way for Bob to read his mail, is not built yet")
	return nil
}

// office is a domain's mail server on the stage.
type office struct {
	domain, host, users string

	*maildomain.Domain
	n     *Net
	files *folder
	tried chan []queue.Result // each try of the queue
	ended chan struct{}       // a message is out of the queue
	stops []func()
}

// openOffice opens a domain's mailboxes and queue. Nobody listens yet.
func openOffice(n *Net, names *nameServer, o office) (*office, error) {
	o.n, o.tried, o.ended = n, make(chan []queue.Result, 100), make(chan struct{}, 100)
	var err error
	if o.files, err = newFolder(map[string]string{"users": o.users}); err != nil {
		return nil, err
	}
	w := &wire{n: n}
	client := &dns.Client{Transport: w.transport("mail." + o.domain), NoCookies: true}
	o.stops = append(o.stops, func() { client.Close() })
	o.Domain, err = maildomain.Open(&maildomain.Options{
		Name: o.domain, Hostname: "mail." + o.domain, Dir: filepath.Join(o.files.dir, "mail"), Users: filepath.Join(o.files.dir, "users"),
		Resolver: &stub.Resolver{Client: client, Server: names.addr}, Dial: n.dialer("mail." + o.domain), FirstRetry: firstRetry,
		QueueTrace: &queue.Trace{
			Tried: func(_ *queue.Message, _ []smtp.Recipient, results []queue.Result) { o.tried <- results },
			Ended: func(*queue.Message) { o.ended <- struct{}{} },
		},
	})
	if err != nil {
		return nil, errors.Join(err, o.files.remove())
	}
	return &o, nil
}

// serve starts its servers.
func (o *office) serve(ctx context.Context) error {
	receiver, submission, pop := o.SMTP(), o.Submission(), o.POP3()
	page, err := o.Web(false)
	if err != nil {
		return err
	}
	for _, s := range []struct {
		port  string
		serve func(net.Listener) error
		close func() error
	}{
		{"25", receiver.Serve, receiver.Close},
		{"587", submission.Serve, submission.Close},
		{"110", pop.Serve, pop.Close},
		{"80", page.Serve, page.Close},
	} {
		ln, err := o.n.Listen(ctx, "tcp", net.JoinHostPort(o.host, s.port))
		if err != nil {
			return err
		}
		o.stops = append(o.stops, serve(func() error { return s.serve(ln) }, s.close))
	}
	running, cancel := context.WithCancel(ctx)
	o.stops = append(o.stops, serve(func() error { return o.Run(running) }, func() error { cancel(); return nil }))
	return nil
}

// close stops everything and removes the files.
func (o *office) close() error {
	for _, stop := range o.stops {
		stop()
	}
	return errors.Join(o.Domain.Close(), o.files.remove())
}

// next waits for what a queue does.
func next[T any](ctx context.Context, c <-chan T) (v T, err error) {
	select {
	case v = <-c:
		return v, nil
	case <-ctx.Done():
		return v, context.Cause(ctx)
	}
}

// mailing is the play: Alice at crepes.fr writes to Bob at hamburger.edu.
type mailing struct {
	n                 *Net
	names             *nameServer
	crepes, hamburger *office
}

// ketchupMessage is what Alice writes, without the fields that her server adds.
const ketchupMessage = "From: Alice <alice@crepes.fr>\r\nTo: bob@hamburger.edu\r\nSubject: Ketchup\r\n\r\n" + ketchup

// submit hands a message to Alice's server.
func (m *mailing) submit(ctx context.Context) error {
	m.n.Printf("Alice's user agent hands the message to her mail server, and is done:")
	if err := m.send(ctx, bob, ketchupMessage); err != nil {
		return err
	}
	results, err := next(ctx, m.crepes.tried)
	if err != nil {
		return err
	}
	m.n.Expect("the first try of her server's queue: bob's server is down", true, len(results) == 1 && results[0].Err != nil && !results[0].Permanent)
	m.n.Expect("what the queue asked the name server", []string{"hamburger.edu. mx", "mail.hamburger.edu. a", "mail.hamburger.edu. aaaa"}, lower(m.names.questions()))
	return nil
}

func lower(list []string) []string {
	for i := range list {
		list[i] = strings.ToLower(list[i])
	}
	return list
}

// send submits a message of Alice's.
func (m *mailing) send(ctx context.Context, to smtp.Path, message string) error {
	c, err := smtp.Dial(ctx, "tcp", net.JoinHostPort(crepesHost, "587"), &smtp.Options{TLS: smtp.TLSOff, AllowInsecureAuth: true, Dial: m.n.dialer("alice")})
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.Login(ctx, "alice", "maple"); err != nil {
		return err
	}
	if _, err := c.Send(ctx, smtp.Envelope{From: alice, To: []smtp.Recipient{{Path: to}}}, strings.NewReader(message)); err != nil {
		return err
	}
	return c.Quit(ctx)
}

// retry starts Bob's server: the queue delivers by itself.
func (m *mailing) retry(ctx context.Context) error {
	m.n.Printf("hamburger.edu's server comes up:")
	if err := m.hamburger.serve(ctx); err != nil {
		return err
	}
	if _, err := next(ctx, m.crepes.ended); err != nil {
		return err
	}
	var last []queue.Result
	tries := 1
	for len(m.crepes.tried) > 0 {
		last = <-m.crepes.tried
		tries++
	}
	m.n.Expect("the queue tried again, by itself", true, tries > 1)
	m.n.Expect("and the message was taken", true, len(last) == 1 && last[0].Err == nil)
	return nil
}

// readByPOP3 has Bob's user agent fetch the mail, and leave it there.
func (m *mailing) readByPOP3(ctx context.Context) error {
	messages, err := m.inbox(ctx, "bob", hamburgerHost, popUser, popPass)
	if err != nil {
		return err
	}
	m.n.Expect("messages in bob's mailbox", 1, len(messages))
	if len(messages) == 0 {
		return errors.New("bob has no mail")
	}
	e, err := mime.ParseBytes([]byte(messages[0]), nil)
	if err != nil {
		return err
	}
	h, err := e.Header()
	if err != nil {
		return err
	}
	body, err := io.ReadAll(e.Body())
	if err != nil {
		return err
	}
	received, err := h.Received()
	if err != nil {
		return err
	}
	m.n.Expect("bob reads by POP3", ketchup, string(body))
	m.n.Expect("hops that the message tells of", 2, len(received))
	m.n.Expect("its reverse-path", "alice@crepes.fr", strings.Trim(h.Get("Return-Path"), "<>"))
	return nil
}

// inbox fetches all that a user has.
func (m *mailing) inbox(ctx context.Context, name, host, user, password string) (messages []string, err error) {
	c, err := pop3.Dial(ctx, "tcp", net.JoinHostPort(host, "110"), &pop3.Options{TLS: pop3.TLSOff, AllowInsecureAuth: true, Dial: m.n.dialer(name)})
	if err != nil {
		return nil, err
	}
	defer c.Close()
	if err := c.Login(ctx, user, password); err != nil {
		return nil, err
	}
	for message, err := range c.Sync(ctx, func(string) bool { return false }) {
		if err != nil {
			return nil, err
		}
		text, err := io.ReadAll(message)
		if err != nil {
			return nil, err
		}
		messages = append(messages, string(text))
	}
	return messages, c.Quit(ctx)
}

// webPage is a browser of Bob's.
func (m *mailing) webPage(ctx context.Context) (get func(path string) (string, error), post func(path string, fields form.Fields) (string, error), done func()) {
	client := &http1.Client{Dial: m.n.dialer("browser"), Jar: new(cookie.Jar), Mode: http1.Persistent}
	site := "http://" + hamburgerHost
	get = func(path string) (string, error) {
		_, body, err := fetchURL(ctx, client, site+path)
		return body, err
	}
	post = func(path string, fields form.Fields) (string, error) {
		q, err := form.NewRequest(site+path, fields, nil)
		if err != nil {
			return "", err
		}
		r, body, err := fetch(ctx, client, q)
		if err == nil && r.Status != http1.StatusOK {
			err = fmt.Errorf("%s: status %d", path, r.Status)
		}
		return body, err
	}
	return get, post, client.CloseIdle
}

var (
	messageLink = regexp.MustCompile(`/message/\d+`)
	formToken   = regexp.MustCompile(`name="token" value="([^"]+)"`)
)

// readByWeb has Bob read the same message in a browser.
func (m *mailing) readByWeb(ctx context.Context) error {
	get, post, done := m.webPage(ctx)
	defer done()
	list, err := post("/login", form.Fields{{Name: "user", Value: popUser}, {Name: "password", Value: popPass}})
	if err != nil {
		return err
	}
	links := messageLink.FindAllString(list, -1)
	m.n.Expect("messages on the page", 1, len(links))
	if len(links) == 0 {
		return os.ErrNotExist
	}
	page, err := get(links[0])
	if err != nil {
		return err
	}
	m.n.Expect("bob reads by a web page", true, strings.Contains(page, "Do you like ketchup?\r\nHow about pickles?") || strings.Contains(page, "Do you like ketchup?\nHow about pickles?"))
	write, err := get("/send")
	if err != nil {
		return err
	}
	token := formToken.FindStringSubmatch(write)
	if token == nil {
		return errors.New("the form has no token")
	}
	sent, err := post("/send", form.Fields{
		{Name: "token", Value: token[1]}, {Name: "to", Value: alice.String()}, {Name: "subject", Value: "Re: Ketchup"}, {Name: "text", Value: "Yes. And pickles.\r\n"},
	})
	m.n.Expect("and answers by it", true, strings.Contains(sent, "is on its way"))
	return err
}

// answer has Alice read what Bob wrote on the page.
func (m *mailing) answer(ctx context.Context) error {
	if _, err := next(ctx, m.hamburger.ended); err != nil {
		return err
	}
	messages, err := m.inbox(ctx, "alice", crepesHost, "alice", "maple")
	if err != nil {
		return err
	}
	m.n.Expect("messages in alice's mailbox", 1, len(messages))
	m.n.Expect("it is bob's answer", true, len(messages) == 1 && strings.Contains(messages[0], "Yes. And pickles.\r\n"))
	return nil
}

// bounce sends a message to nobody: a report comes back.
func (m *mailing) bounce(ctx context.Context) error {
	m.n.Printf("a message for nobody:")
	nobody := smtp.Path{Local: "nobody", Domain: "hamburger.edu"}
	if err := m.send(ctx, nobody, "From: alice@crepes.fr\r\nSubject: Anybody there?\r\n\r\nHello?\r\n"); err != nil {
		return err
	}
	for range 2 { // the message, and the report
		if _, err := next(ctx, m.crepes.ended); err != nil {
			return err
		}
	}
	messages, err := m.inbox(ctx, "alice", crepesHost, "alice", "maple")
	if err != nil {
		return err
	}
	m.n.Expect("messages in alice's mailbox", 2, len(messages))
	e, err := mime.ParseBytes([]byte(messages[len(messages)-1]), nil)
	if err != nil {
		return err
	}
	report, err := e.Report()
	if err != nil {
		return err
	}
	if report == nil || len(report.Groups) < 2 {
		return errors.New("the last message is no report")
	}
	h, err := e.Header()
	if err != nil {
		return err
	}
	failed := report.Groups[1]
	m.n.Expect("the report comes from nobody, so that none comes of it", "<>", h.Get("Return-Path"))
	m.n.Expect("its kind", "delivery-status", report.Type)
	m.n.Expect("who did not get it", "rfc822; nobody@hamburger.edu", failed.Get("Final-Recipient"))
	m.n.Expect("what became of it", "failed", failed.Get("Action"))
	m.n.Expect("why", "5.1.1", failed.Get("Status"))
	return nil
}
