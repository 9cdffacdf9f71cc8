package queue

import (
	"context"
	"errors"
	"net"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"applayer/smtp"
)

// outcome is what became of a try for one recipient, as it is kept on the disk
// and told in reports.
type outcome struct {
	event Event     // EventTaken, EventPutOff, EventRefused or EventExpired
	at    time.Time // the end of the try
	next  time.Time // of the next one, after EventPutOff
	tries int       // so far
	where where     // after EventTaken
	code  int       // of the reply, 0 for none
	// status is the reply's or the one that stands for the error.
	status smtp.EnhancedCode
	remote string // the host that answered
	text   string // the reply's or the error's, on one line
}

// where is who answers for reports after a message was taken.
type where uint8

const (
	wherePassed    where = iota // the next host
	whereRelayed                // nobody: the next host has no DSN
	whereDelivered              // we: it is in a mailbox of this host
	wheres
)

// maxText bounds what is kept of a reply or error.
const maxText = 500

// judge says what the result of a try means. deadline is when the message is
// given up and wait how long to wait for the next try, if there is one.
func judge(r Result, now, deadline time.Time, tries int, wait time.Duration) outcome {
	o := outcome{at: now, tries: tries, remote: oneLine(r.RemoteMTA)}
	if r.Err == nil {
		o.event, o.code, o.status = EventTaken, r.Reply.Code, r.Reply.Enhanced
		o.text = oneLine(strings.Join(r.Reply.Lines, " "))
		if o.status.IsZero() {
			o.status = smtp.EnhancedCode{2, 0, 0}
		}
		switch {
		case r.Delivered:
			o.where = whereDelivered
		case r.Relayed:
			o.where = whereRelayed
		}
		return o
	}
	permanent := r.Permanent
	if reply, ok := errors.AsType[*smtp.ReplyError](r.Err); ok {
		o.code, o.status, o.text = reply.Code, reply.Enhanced, oneLine(strings.Join(reply.Lines, " "))
		permanent = permanent || reply.Code/100 == 5
	} else {
		o.text = oneLine(r.Err.Error())
	}
	if isType[*ParseError](r.Err) {
		permanent = true // the content is lost: the disk did not keep it
	}
	switch {
	case permanent:
		o.event = EventRefused
	case !now.Before(deadline):
		o.event = EventExpired
	default:
		o.event, o.next = EventPutOff, now.Add(wait)
		if o.next.After(deadline) {
			o.next = deadline // the last try
		}
	}
	if o.status.IsZero() {
		o.status = statusOf(r.Err, o.code, permanent)
	}
	return o
}

// statusOf returns the status code for an error without one (RFC 3463 §3): what
// is not known is 4.0.0 or 5.0.0 (RFC 3461 §6.3).
func statusOf(err error, code int, permanent bool) smtp.EnhancedCode {
	status := smtp.EnhancedCode{4, 0, 0}
	if permanent {
		status[0] = 5
	}
	switch {
	case code != 0:
		return status
	case errors.Is(err, smtp.ErrNotUTF8):
		status[1], status[2] = 6, 7 // non-ASCII addresses not permitted (RFC 6531 §3.5)
	case errors.Is(err, smtp.ErrTooLarge):
		status[1], status[2] = 3, 4 // message too big for system
	case errors.Is(err, smtp.ErrUnsupported):
		status[1], status[2] = 6, 3 // conversion required but not supported
	case isType[*ParseError](err):
		status[1] = 3 // the mail system of this host
	case isType[*net.DNSError](err):
		status[1], status[2] = 4, 3 // directory server failure
		if permanent {
			status[2] = 4 // unable to route
		}
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		status[1], status[2] = 4, 2 // bad connection
	case isType[net.Error](err):
		status[1], status[2] = 4, 1 // no answer from host
	}
	return status
}

func isType[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

// oneLine returns text without control characters and line ends of any kind, cut
// to a length that a field or a line of the log can have.
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\ufffd"))
	s = strings.TrimSpace(s)
	if len(s) <= maxText {
		return s
	}
	cut := maxText
	for !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut]
}
