package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"applayer/sockets"
)

// Exit statuses of every program (mail/sop and dns/dig have their own).
const (
	ExitDone  = 0
	ExitFail  = 1
	ExitUsage = 2
)

// Program describes a program to [Main] and [Run].
type Program struct {
	// Name is what error lines and the usage text begin with.
	Name string
	// Synopsis is the line of flags and arguments after the name.
	Synopsis string
	// About says in a few lines what the program does.
	About string
	// Example is one worked example, a command line or several.
	Example string
	// Flags declares the program's own flags. It may be nil.
	Flags func(fs *flag.FlagSet)
	// NotBuilt lists flags whose part of the project does not exist yet: they
	// are absent from the usage text, and using one is a usage error.
	NotBuilt []string
	// Redact blanks the secrets of a line of the dialogue that -v prints;
	// -v-secrets leaves it out. It may be nil.
	Redact func(sockets.TranscriptLine) sockets.TranscriptLine
	// Commands are what the first argument may name, each a program of its own
	// with its own flags; the other fields but Name, Synopsis, About and Example
	// are empty then. A command without Run is not built yet.
	Commands []*Program
	// Run does the work. It returns nil when done, and otherwise an error
	// whose text is "what: why". A [UsageError] means wrong usage.
	Run func(ctx context.Context, env *Env) error
}

// UsageError is a mistake in the command line: the program exits with
// [ExitUsage].
type UsageError struct{ What string }

func (e *UsageError) Error() string { return e.What }

// Usagef makes a [UsageError].
func Usagef(format string, args ...any) error {
	return &UsageError{What: fmt.Sprintf(format, args...)}
}

// Main runs p with the process's arguments and streams, and exits. SIGINT and
// SIGTERM end the context; a second one ends the process.
func Main(p *Program) {
	// SIGPIPE would end the process before it has cleaned up. Caught, and not
	// ignored, it leaves the programs that we start their default.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-signals
		signal.Stop(signals) // before anybody can see that the first one came
		cancel()
	}()
	os.Exit(Run(ctx, p, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// Run runs p with these arguments and streams, and returns the exit status. A
// write to stdout that fails ends the context of p, and p has failed; it does
// so without a word where the reader of a pipe has gone, as head does when it
// has enough.
func Run(ctx context.Context, p *Program, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	out := &lockedWriter{w: stdout, failed: cancel}
	env := &Env{Stdin: &interruptible{ctx: ctx, r: stdin}, Stdout: out, Stderr: &lockedWriter{w: stderr}, program: p}
	err := env.run(ctx, args)
	if werr := out.firstError(); werr != nil {
		return env.failOutput(werr)
	}
	if err != nil {
		return env.fail(err)
	}
	return ExitDone
}

// command is the program that the arguments mean: a command of p, where it has
// them, and its arguments.
func (p *Program) command(args []string) (*Program, []string, error) {
	if len(p.Commands) == 0 || len(args) > 0 && isHelp(args[0]) {
		return p, args, nil
	}
	var names []string
	for _, c := range p.Commands {
		if len(args) == 0 || c.Name != args[0] {
			names = append(names, c.Name)
			continue
		}
		if c.Run == nil {
			return nil, nil, Usagef("%s: not built yet", c.Name)
		}
		named := *c
		named.Name = p.Name + " " + c.Name
		return &named, args[1:], nil
	}
	return nil, nil, Usagef("give a command first: %s", strings.Join(names, ", "))
}

func isHelp(arg string) bool { return slices.Contains([]string{"-h", "--h", "-help", "--help"}, arg) }

func (env *Env) run(ctx context.Context, args []string) error {
	p, args, err := env.program.command(args)
	if err != nil {
		return err
	}
	env.program = p
	fs := flag.NewFlagSet(p.Name, flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.BoolVar(&env.Verbose, "v", false, "print the dialogue on stderr, C: and S: before each line, secrets blanked")
	fs.BoolVar(&env.Secrets, "v-secrets", false, "as -v, with passwords and other secrets shown")
	fs.StringVar(&env.mapFile, "map", "", "`FILE` of lines PUBLIC LOCAL: dial the local address wherever the public one is meant")
	if p.Flags != nil {
		p.Flags(fs)
	}
	for _, name := range p.NotBuilt {
		fs.Func(name, "", func(string) error { return errors.New("not built yet") })
	}

	switch err := fs.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		usage(env.Stdout, p, fs)
		return nil
	case err != nil:
		return notBuilt(p, args, err)
	}
	env.Args = fs.Args()
	env.Verbose = env.Verbose || env.Secrets
	env.Log = slog.New(slog.NewTextHandler(env.Stderr, nil))
	if err := env.prepare(); err != nil {
		return &UsageError{What: "-map: " + err.Error()}
	}
	return p.Run(ctx, env)
}

// notBuilt makes the usage error for what flag.Parse refused, in the words of
// the contract where the flag belongs to a part not built yet.
func notBuilt(p *Program, args []string, err error) error {
	for _, arg := range args {
		name, _, _ := strings.Cut(strings.TrimLeft(arg, "-"), "=")
		if strings.HasPrefix(arg, "-") && slices.Contains(p.NotBuilt, name) {
			return Usagef("-%s: not built yet", name)
		}
	}
	return &UsageError{What: err.Error()}
}

// fail prints the one line that tells why the program ends, and returns its
// exit status.
func (env *Env) fail(err error) int {
	text := strings.Join(strings.Fields(err.Error()), " ")
	fmt.Fprintf(env.Stderr, "%s: %s\n", env.program.Name, text)
	if _, ok := errors.AsType[*UsageError](err); ok {
		return ExitUsage
	}
	return ExitFail
}

// failOutput is fail for an error of stdout. It goes before what the program
// returns, which is mostly that its context has ended.
func (env *Env) failOutput(err error) int {
	if errors.Is(err, syscall.EPIPE) || errors.Is(err, io.ErrClosedPipe) {
		return ExitFail
	}
	if perr, ok := errors.AsType[*os.PathError](err); ok {
		err = perr.Err
	}
	return env.fail(fmt.Errorf("stdout: %w", err))
}

func usage(w io.Writer, p *Program, fs *flag.FlagSet) {
	fmt.Fprintf(w, "usage: %s %s\n\n%s\n", p.Name, p.Synopsis, strings.TrimSpace(p.About))
	if len(p.Commands) > 0 {
		fmt.Fprintf(w, "\ncommands, each with -h:\n")
		for _, c := range p.Commands {
			if c.Run != nil {
				fmt.Fprintf(w, "  %s %s\n", c.Name, c.Synopsis)
			}
		}
	}
	fmt.Fprintf(w, "\nflags:\n")
	shown := flag.NewFlagSet(p.Name, flag.ContinueOnError)
	shown.SetOutput(w)
	fs.VisitAll(func(f *flag.Flag) {
		if !slices.Contains(p.NotBuilt, f.Name) {
			shown.Var(f.Value, f.Name, withDefault(f))
			shown.Lookup(f.Name).DefValue = f.DefValue
		}
	})
	shown.PrintDefaults()
	fmt.Fprintf(w, "\nexample:\n  %s\n", strings.ReplaceAll(strings.TrimSpace(p.Example), "\n", "\n  "))
}

// withDefault tells the default where package flag thinks that it goes without
// saying.
func withDefault(f *flag.Flag) string {
	if strings.Contains(f.Usage, "(default") {
		return f.Usage
	}
	switch f.DefValue {
	case "":
		return f.Usage + " (default none)"
	case "0", "0s", "false":
		return f.Usage + " (default " + f.DefValue + ")"
	}
	return f.Usage
}
