// Command compare sets applayer beside its peers: the same clients and the
// same octets against each implementation, on one machine and in one process.
//
//	go run .                      every subject, ten times: about 20 minutes
//	go run . -count 6 -run tcp    those whose name matches, six times
//	go test -bench . .            the same as benchmarks, for benchstat
//
// The implementations of a subject take turns in every round, so that what
// drifts on the machine (clock, heat, neighbours) hits all of them. A round
// gives one ratio, of times that lie next to each other; what is printed is
// the median of the rounds' ratios with its confidence interval of 95 %
// (from order statistics, by golang.org/x/perf/benchmath), and who wins:
// nobody while the interval holds 1. With fewer than six rounds there is no
// such interval. A ratio is the peer's time by ours: above 1 we are faster.
//
// wanted.txt holds every figure that the work orders ask for. It is met when
// the interval reaches it. The exit status is 1 when one is missed and 2 when
// a measurement fails.
//
// The subjects http-file-… have wrk ask nginx and us in turn, and are skipped
// where either program is missing; those named ftp-… need vsftpd, smtp-accept…,
// smtp-session and smtp-maildir the load generators of Postfix, pop3-retr
// Dovecot.
//
// The module is nested, so that the peers never enter applayer's go.mod.
package main
