package ftp_test

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/ftp"
)

// fault is what a server does in place of one reply. It tells whether the
// server goes on as if it had said it, is deaf and dumb from then on, or has
// refused the command.
type fault struct {
	name string
	do   func(a *actor, reply string) goesOn
}

type goesOn int

const (
	asBefore goesOn = iota
	deaf
	gone
	refused
)

var faults = []fault{
	{"none", func(a *actor, reply string) goesOn { a.say(reply); return asBefore }},
	{"in single octets", func(a *actor, reply string) goesOn {
		for _, c := range []byte(reply + "\r\n") {
			a.nc.Write([]byte{c})
			synctest.Wait()
		}
		return asBefore
	}},
	{"after a second", func(a *actor, reply string) goesOn {
		time.Sleep(time.Second)
		a.say(reply)
		return asBefore
	}},
	{"within Telnet's commands", func(a *actor, reply string) goesOn {
		io.WriteString(a.nc, "\xff\xf1\xff\xfb\x01"+reply[:1]+"\xff\xf9"+reply[1:]+"\r\n")
		return asBefore
	}},
	{"never", func(*actor, string) goesOn { return deaf }},
	{"half of it", func(a *actor, reply string) goesOn { io.WriteString(a.nc, reply); return deaf }},
	{"the end of the connection", func(*actor, string) goesOn { return gone }},
	{"its end within the reply", func(a *actor, reply string) goesOn { io.WriteString(a.nc, reply); return gone }},
	{"no reply but text", func(a *actor, _ string) goesOn { a.say("hello"); return deaf }},
	{"421", func(a *actor, _ string) goesOn { a.say("421 going down"); return gone }},
	{"refusal for now", func(a *actor, _ string) goesOn { a.say("451 not now"); return refused }},
	{"refusal for good", func(a *actor, _ string) goesOn { a.say("550 no"); return refused }},
	{"350", func(a *actor, _ string) goesOn { a.say("350 tell me more"); return refused }},
	{"631", func(a *actor, _ string) goesOn { a.say("631 protected"); return refused }},
	{"the same twice", func(a *actor, reply string) goesOn { a.say(reply, reply); return asBefore }},
	{"with half of another", func(a *actor, reply string) goesOn { io.WriteString(a.nc, reply+"\r\n250-"); return asBefore }},
	{"lines without end", func(a *actor, reply string) goesOn {
		for range 1 << 16 {
			if _, err := io.WriteString(a.nc, reply[:3]+"-more\r\n"); err != nil {
				return gone
			}
		}
		return deaf
	}},
	{"a line without end", func(a *actor, reply string) goesOn {
		io.WriteString(a.nc, reply[:4])
		for range 1 << 10 {
			if _, err := io.WriteString(a.nc, strings.Repeat("x", 1000)); err != nil {
				return gone
			}
		}
		return deaf
	}},
	{"marks without end", func(a *actor, _ string) goesOn {
		for {
			if _, err := io.WriteString(a.nc, "150 soon\r\n"); err != nil {
				return gone
			}
			time.Sleep(time.Second)
		}
	}},
}

// faultyServer is a decent server but for one reply: the first at step.
type faultyServer struct {
	step  string
	fault fault
	met   bool
	state goesOn
	rest  int
	data  chan net.Conn
	// stored is what came of uploads: one that ended as if it were whole.
	stored []string
}

// reply says a reply, or does what is at fault there. The caller goes on if it
// is true.
func (f *faultyServer) reply(a *actor, step, reply string) bool {
	f.state = asBefore
	if step == f.step && !f.met {
		f.met = true
		f.state = f.fault.do(a, reply)
	} else {
		a.say(reply)
	}
	return f.state == asBefore
}

func (f *faultyServer) play(a *actor) {
	f.data = make(chan net.Conn, 4)
	defer func() {
		if a.data != nil {
			a.data.Close()
		}
		for len(f.data) > 0 {
			(<-f.data).Close()
		}
	}()
	f.reply(a, "greeting", "220 ready")
	for f.state != gone {
		line, err := a.in.ReadString('\n')
		if err != nil {
			return
		}
		if f.state == deaf {
			continue
		}
		line = strings.TrimPrefix(line, "\xff\xfe\x01") // DONT
		verb, arg, _ := strings.Cut(strings.TrimRight(line, "\r\n"), " ")
		f.command(a, verb, arg)
	}
}

func (f *faultyServer) command(a *actor, verb, arg string) {
	switch verb {
	case "USER":
		f.reply(a, verb, "331 password")
	case "PASS":
		f.reply(a, verb, "230 in")
	case "FEAT":
		f.reply(a, verb, "211-Features:\r\n MLST type*;size*;\r\n REST STREAM\r\n211 End")
	case "REST":
		f.rest, _ = strconv.Atoi(arg)
		f.reply(a, verb, "350 go on")
	case "EPSV":
		port := a.listen().Port()
		go func(l net.Listener) {
			if nc, err := l.Accept(); err == nil {
				f.data <- nc
			}
		}(a.data)
		f.reply(a, verb, "229 (|||"+portText(int(port))+"|)")
	case "RETR", "MLSD", "LIST", "STOR":
		f.transfer(a, verb)
	case "PASV":
		a.say("502 no")
	case "ABOR":
		f.reply(a, verb, "226 ok")
	case "PWD":
		f.reply(a, verb, `257 "/"`)
	default:
		f.reply(a, verb, "200 ok")
	}
}

func (f *faultyServer) transfer(a *actor, verb string) {
	nc := <-f.data
	defer nc.Close()
	if !f.reply(a, verb, "150 go") {
		if f.state == deaf && verb == "STOR" {
			f.take(nc)
		}
		return
	}
	var err error
	switch verb {
	case "STOR":
		err = f.take(nc)
	case "MLSD":
		_, err = io.WriteString(nc, "type=file;size=5; a\r\n")
	case "LIST":
		_, err = io.WriteString(nc, "-rw-r--r-- 1 u g 5 Jan  1 10:00 a\r\n")
	default:
		_, err = io.WriteString(nc, "hello"[f.rest:])
		f.rest = 0
	}
	nc.Close()
	if err != nil {
		a.say("426 broken")
		return
	}
	f.reply(a, "226", "226 done")
}

func (f *faultyServer) take(nc net.Conn) error {
	b, err := io.ReadAll(nc)
	if err == nil {
		f.stored = append(f.stored, string(b))
	}
	return err
}

// faultySteps are the replies of a session that moves a file, in order.
func faultySteps(verb string) []string {
	steps := []string{"greeting", "USER", "PASS", "FEAT", "TYPE", "EPSV", verb, "226"}
	if verb == "MLSD" { // which is the same whatever the type
		steps = slices.Delete(steps, 4, 5)
	}
	return steps
}

// outcome is what is to come of a session.
type outcome struct {
	err   error // nil for success, else what it is to be
	alive bool  // the session can be used on
	late  bool  // the call succeeds, and the next finds the session out of step
	long  bool  // it takes more than a few seconds
}

// errProtocol and others stand for errors that are of a type.
var (
	errProtocol = errors.New("*ftp.ProtocolError")
	errParse    = errors.New("*ftp.ParseError")
	errLimit    = errors.New("*ftp.LimitError")
	errReply    = errors.New("*ftp.ReplyError")
)

func assertOutcomeError(t *testing.T, want, err error) {
	t.Helper()
	ok := errors.Is(err, want)
	switch want {
	case errProtocol:
		_, ok = errors.AsType[*ftp.ProtocolError](err)
	case errParse:
		_, ok = errors.AsType[*ftp.ParseError](err)
	case errLimit:
		_, ok = errors.AsType[*ftp.LimitError](err)
	case errNetwork:
		_, ok = errors.AsType[*net.OpError](err)
	case errReply:
		_, ok = errors.AsType[*ftp.ReplyError](err)
	}
	assert.True(t, ok, "got %v, want %v", err, want)
}

// expected is the table: what a fault leads to at each step.
func expected(step, fault string) outcome {
	login := slices.Contains([]string{"greeting", "USER", "PASS", "FEAT"}, step)
	mark := slices.Contains([]string{"RETR", "MLSD", "STOR"}, step)
	switch fault {
	case "none", "in single octets", "after a second", "within Telnet's commands":
		return outcome{alive: true}
	case "never", "half of it":
		return outcome{err: os.ErrDeadlineExceeded, long: true}
	case "the end of the connection", "its end within the reply":
		return outcome{err: io.ErrUnexpectedEOF}
	case "no reply but text":
		return outcome{err: errParse}
	case "421":
		return outcome{err: errReply}
	case "lines without end", "a line without end":
		return outcome{err: errLimit}
	case "refusal for now", "refusal for good", "631":
		if step == "FEAT" {
			return outcome{alive: true}
		}
		return outcome{err: errReply, alive: !login}
	case "350":
		switch step {
		case "FEAT":
			return outcome{alive: true}
		case "USER": // it is not 331, so no password follows
			return outcome{err: errProtocol}
		case "EPSV": // PASV is asked, and refused
			return outcome{err: errProtocol, alive: true}
		}
		return outcome{err: errProtocol, alive: !login}
	case "marks without end":
		return outcome{err: os.ErrDeadlineExceeded, long: true}
	case "the same twice":
		if mark { // a second mark is as good as one
			return outcome{alive: true}
		}
		if step == "226" {
			return outcome{late: true}
		}
		return outcome{err: errProtocol}
	case "with half of another":
		switch {
		case mark: // of the final reply, which never ends
			return outcome{err: os.ErrDeadlineExceeded, long: true}
		case step == "226":
			return outcome{late: true}
		}
		return outcome{err: errProtocol}
	}
	panic(fault)
}

// A server that errs at any one step of a session leaves the client with an
// error that says so, and a session that is in step or has ended; it never gets
// half a file that looks whole, and nothing is left running.
func TestClientFaultAtEachStep(t *testing.T) {
	for verb, call := range faultyCalls {
		for _, step := range faultySteps(verb) {
			for _, f := range faults {
				t.Run(verb+"/"+step+"/"+f.name, func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) { faultOnce(t, step, f, call) })
				})
			}
		}
	}
}

var faultyCalls = map[string]func(ctx context.Context, c *ftp.Client) error{
	"RETR": func(ctx context.Context, c *ftp.Client) error {
		r, err := c.Retrieve(ctx, "a", 0)
		if err != nil {
			return err
		}
		b, err := io.ReadAll(r)
		if err == nil && string(b) != "hello" {
			err = errors.New("another file")
		}
		return errors.Join(err, r.Close())
	},
	"STOR": func(ctx context.Context, c *ftp.Client) error {
		return c.Store(ctx, "a", strings.NewReader("hello"))
	},
	"MLSD": func(ctx context.Context, c *ftp.Client) error {
		entries, err := c.List(ctx, "")
		if err == nil && (len(entries) != 1 || entries[0].Name != "a") {
			err = errors.New("another listing")
		}
		return err
	},
}

func faultOnce(t *testing.T, step string, f fault, call func(context.Context, *ftp.Client) error) {
	want := expected(step, f.name)
	server := &faultyServer{step: step, fault: f}
	network := play(t, server.play)
	start := time.Now()
	c, err := dialActorErr(t, network, nil)
	if err == nil {
		t.Cleanup(func() { c.Close() })
		err = call(t.Context(), c)
	}
	took := time.Since(start)
	if want.err == nil {
		require.NoError(t, err)
	} else {
		require.Error(t, err)
		assertOutcomeError(t, want.err, err)
	}
	if want.long {
		assert.LessOrEqual(t, took, 65*time.Second+time.Second)
	} else {
		assert.LessOrEqual(t, took, time.Second)
	}
	if c == nil {
		assert.False(t, want.alive)
		return
	}
	err = c.Noop(t.Context())
	switch {
	case want.alive:
		assert.NoError(t, err)
	case want.late:
		assertOutcomeError(t, errProtocol, err)
	default:
		assert.ErrorIs(t, err, net.ErrClosed)
	}
	c.Close()
	synctest.Wait()
	if step != "226" && want.err != nil && !want.late {
		for _, file := range server.stored {
			assert.Equal(t, "hello", file, "half a file that looks whole")
		}
	}
}

// A call that is cancelled while the server makes it wait leaves a session in
// step, if the server's reply comes within AbortTimeout, else a dead one. An
// upload is cut, not ended.
func TestClientCancelAtEachStep(t *testing.T) {
	for verb, call := range faultyCalls {
		for _, step := range faultySteps(verb) {
			for _, f := range faults {
				if f.name != "after a second" && f.name != "never" {
					continue
				}
				t.Run(verb+"/"+step+"/"+f.name, func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) { cancelOnce(t, step, f, call) })
				})
			}
		}
	}
}

func cancelOnce(t *testing.T, step string, f fault, call func(context.Context, *ftp.Client) error) {
	server := &faultyServer{step: step, fault: f}
	network := play(t, server.play)
	ctx, cancel := context.WithTimeoutCause(t.Context(), 500*time.Millisecond, errTired)
	defer cancel()
	start := time.Now()
	c, err := ftp.Dial(ctx, "tcp", actorAddr, onNetwork(network, nil))
	if err == nil {
		t.Cleanup(func() { c.Close() })
		err = call(ctx, c)
	}
	assert.ErrorIs(t, err, errTired)
	took := time.Since(start)
	if f.name == "never" {
		assert.Equal(t, 5500*time.Millisecond, took, "AbortTimeout is 5 s")
	} else {
		assert.LessOrEqual(t, took, 1500*time.Millisecond)
	}
	if c == nil {
		assert.Contains(t, []string{"greeting", "USER", "PASS", "FEAT"}, step)
		return
	}
	if err = c.Noop(t.Context()); f.name == "never" {
		assert.ErrorIs(t, err, net.ErrClosed)
	} else {
		assert.NoError(t, err)
		assert.NoError(t, call(t.Context(), c), "the session goes on")
		server.stored = slices.DeleteFunc(server.stored, func(s string) bool { return s == "hello" })
	}
	c.Close()
	synctest.Wait()
	if step != "226" {
		assert.Empty(t, server.stored, "a file that looks whole")
	}
}

var errTired = errors.New("tired of waiting")
