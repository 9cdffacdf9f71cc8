package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"regexp"
	"runtime"
	"runtime/pprof"
	"strings"
	"testing"
	"time"

	"github.com/cloudwego/netpoll"
)

func main() {
	serveChild()
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// options are the flags.
type options struct {
	rounds     int
	benchtime  time.Duration
	subjects   *regexp.Regexp
	cpuProfile string
}

func parseFlags(args []string, stderr io.Writer) (options, error) {
	var o options
	flags := flag.NewFlagSet("compare", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.IntVar(&o.rounds, "count", 10, "rounds; each measures every implementation once")
	flags.DurationVar(&o.benchtime, "benchtime", 500*time.Millisecond, "time of one measurement")
	pattern := flags.String("run", "", "measure the subjects whose name matches the `regexp`")
	flags.StringVar(&o.cpuProfile, "cpuprofile", "", "write a CPU profile of everything to `FILE`")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	re, err := regexp.Compile(*pattern)
	if err == nil && (o.rounds < 1 || o.benchtime <= 0 || flags.NArg() > 0) {
		err = errors.New("-count and -benchtime must be above 0, and there are no arguments")
	}
	if err != nil {
		fmt.Fprintln(stderr, "compare:", err)
	}
	o.subjects = re
	return o, err
}

// run returns the exit status: 1 when a figure is missed, 2 when there is none.
func run(args []string, stdout, stderr io.Writer) int {
	o, err := parseFlags(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		return 2
	}
	met, err := compare(o, stdout)
	if err != nil {
		fmt.Fprintln(stderr, "compare:", err)
		return 2
	}
	if !met {
		return 1
	}
	return 0
}

func compare(o options, out io.Writer) (met bool, err error) {
	all, err := parseWanted(wantedText)
	if err != nil {
		return false, fmt.Errorf("wanted.txt: %w", err)
	}
	netpoll.SetLoggerOutput(io.Discard)
	if flag.Lookup("test.benchtime") == nil {
		testing.Init() // registers the flag that testing.Benchmark reads
	}
	if err := flag.Set("test.benchtime", o.benchtime.String()); err != nil {
		return false, err
	}
	stop, err := profile(o.cpuProfile)
	if err != nil {
		return false, err
	}
	defer stop()
	defer removeSite()
	defer removeLoad()
	defer removeFTP()
	defer removeMail()
	defer removePOP3()
	defer removeSMTP()
	fmt.Fprintf(out, "%s %s/%s, %d CPUs, %d rounds of %v; median [95 %% interval]; ratio: peer's by ours\n",
		runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), o.rounds, o.benchtime)
	met = true
	for _, s := range subjects {
		if !o.subjects.MatchString(s.name) {
			continue
		}
		if missing := s.missing(); len(missing) > 0 {
			fmt.Fprintf(out, "%s  skipped: no %s\n", s.name, strings.Join(missing, ", "))
			continue
		}
		r, err := interleave(s, o.rounds)
		if err != nil {
			return false, err
		}
		met = report(out, s, r, all) && met
	}
	return met, nil
}

// profile begins a CPU profile, if there is to be one.
func profile(file string) (stop func(), err error) {
	if file == "" {
		return func() {}, nil
	}
	f, err := os.Create(file)
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return func() {
		pprof.StopCPUProfile()
		f.Close()
	}, nil
}
