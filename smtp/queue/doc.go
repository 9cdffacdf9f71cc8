// Package queue keeps mail on the disk until it is where it belongs: a message
// that [Queue.Submit] took is tried again until each recipient has it or its
// sender has a report that he has not (RFC 5321 §4.5.4.1).
//
// Begin with [Queue]. Where the messages go is a [Deliverer]'s business: [Relay]
// is one that brings them to other hosts by SMTP, and a program has one of its own
// that gives those for its users to their mailboxes and the others to a Relay.
//
// # What is safe when
//
// A message is one file, which has the envelope, the content, and behind it what
// became of each try. It is written in a folder of its own, synced, given its name,
// and that name is synced, before Submit returns: a server answers 250 then. What
// became of a try is appended and synced before the next one begins. After a crash
// at any instant each message is there once, whole, and a recipient that was done
// is not tried again. Twice comes only what a host took without our knowing:
// because the connection broke before its 250, or the process died between the
// 250 and the sync.
//
// # On the disk
//
// The folder has "messages", a file for each; "tmp" for those that are being
// written; "corrupt" for what is damaged; and "lock", which keeps a second process
// out and is free again when the first dies, however it does. A file can be read
// with any pager:
//
//	e2a1c0de applayer-queue 1 0000000151 00000000000000004711 8f3ab2c1
//	53d1c7a4 ARRIVED 2026-03-01T12:00:00Z
//	0b9f4e10 MAIL FROM:<alice@crepes.fr> RET=HDRS
//	77aa01c3 RCPT TO:<bob@hamburger.edu> NOTIFY=SUCCESS,FAILURE
//	…the content…
//	c40e5b77 PUTOFF 0 2026-03-01T12:00:01Z 2026-03-01T12:05:03Z 1 - 451 4.3.0 "mx.hamburger.edu" "Try later"
//	1d77e0f2 TAKEN 0 2026-03-01T12:05:04Z - 2 passed 250 2.0.0 "mx.hamburger.edu" "ok"
//	5ce92a08 REPORTED 0 2026-03-01T12:05:05Z
//
// Each line has its CRC-32C in front. The first tells the offset, the size and the
// CRC-32C of the content. Those behind the content tell of a try by the numbers of
// the recipients: when it ended, when the next one is, how many there were, where
// the message is, the reply, who gave it; or of whom the sender was told. Whoever
// changes a file breaks it: a message is taken out with [Queue.Remove], or while no
// process has the queue, by removing its file.
//
// A line at the end that is not whole was being written when the process died, and
// is cut off; a file that is damaged elsewhere is moved to "corrupt" and logged, and
// one that a later version wrote stays. Content that the disk did not keep is not
// sent: its sender gets a report. A file that cannot be read keeps the queue from
// opening: nothing that was taken is passed over.
//
// # When it is tried
//
// A message is cut by destinations, and each is tried by itself: at once, then
// after 5, 10, 20 … minutes up to 4 hours, with some chance in it ([Schedule]),
// until the message is 5 days old. A 5yz reply is final. A recipient is Waiting,
// Active, Deferred, Done or Bounced; [WriteStates] prints the table. Messages take
// turns; a message, a destination, and all that was tried before have their share
// of the tries at most, so that neither a slow host, nor a message to thousands,
// nor what has piled up for hosts that are down keeps the others waiting. A [Relay]
// leaves hosts alone for a while that do not answer. What is decided is decided by
// an engine without clock, disk or socket.
//
// # Reports
//
// A sender is told what he asked for by NOTIFY (RFC 3461): of failures if he said
// nothing; of a delay of 4 hours, once; of success where the message came to a
// mailbox of this host ([Result.Delivered]) or went to one that has no DSN
// ([Result.Relayed]). There is one report for all that a round of tries brought.
// It is a multipart/report (RFC 6522) with a text, a delivery status (RFC 3464) and
// the message or its header, as RET has it; addresses in UTF-8 are told as
// RFC 6533 has it. It comes from the null reverse-path, and none is ever made for
// a message that comes from there, save to [Queue.DoubleBounce].
//
// # Limits and errors
//
// [Limits] bounds messages, recipients and octets in the queue ([ErrFull], which a
// server answers 452), tries under way, Received fields, and what a report brings back. A
// disk that is full refuses new messages and keeps those that are there: what could
// not be written is written when it can, and nothing of that message ends before.
//
// The methods of a Queue may be called from several goroutines; [Queue.Run] is
// under way once.
//
// Not there: DELIVERBY, MT-PRIORITY, FUTURERELEASE, ETRN.
package queue
