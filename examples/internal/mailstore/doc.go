// Package mailstore keeps the mail of many users, each with folders of messages, for
// servers of SMTP, POP3 and IMAP. Its messages are files of Maildir, which other
// programs may read and change at the same time; beside them it keeps an index of the
// numbers that these protocols have for messages.
//
// # Begin with
//
// [Open] gives a [Store], which one process at a time has. [Store.Deliver] delivers a
// message to users; [Store.Mailbox] opens a folder as a [Mailbox], and its
// [Mailbox.View] is the folder as it is at that moment. [Mailbox.OpenMessage] reads a
// message, [Mailbox.Change] changes flags, [Mailbox.Expunge] removes,
// [Mailbox.Append], [Mailbox.Copy] and [Mailbox.Move] put messages there.
// [Mailbox.Subscribe] tells when something has changed.
//
// # On the disk
//
// A user's INBOX is USER/Maildir below the store's directory, with the folders in it
// that Maildir++ has: cur, new and tmp, and one beginning with a dot for each folder.
// USER is the name in small letters; whatever is no plain letter, digit or one of
// "-_.@+" is written as "%" and two digits. Files have lines that end in LF, as other
// programs write them; each size and place that this package tells counts CRLF, and
// that is what it reads out. A message for several users is one file with several
// names, where the file system has that.
//
// A delivery is done when the file and the directory that has its name are synced.
// Deliveries that come at the same time share the sync of the directory.
//
// # The index
//
// Each mailbox has a file mailstore-index, to which lines are appended: a message has
// come, or gone, or is changed. Each line ends with its checksum. It gives a message
// its UID, which no other message of the mailbox ever gets, and each change a
// mod-sequence (RFC 7162), and has the keywords and what has gone. It is synced before
// a UID is told to anybody, and not for each delivery: the files have names that let
// an index be made up for.
//
// When it is opened, a tail without a line end is cut: a crash left it. Damage of any
// other kind, or an index that is missing, makes a new one: messages get new UIDs under
// a new, higher UIDVALIDITY. When most of its lines are garbage it is written anew, and
// renamed over the old one.
//
// Beside it a file mailstore-cache has the envelopes and structures that were asked
// for ([Mailbox.Content]), each with its checksum. Nothing is lost with it.
//
// # Other programs
//
// mutt, mbsync, Dovecot and others may open the folders while a server runs. Files
// that they put there get UIDs in order of their names; a file that they rename has
// other flags, and one that they remove is expunged, each with a new mod-sequence.
// They are looked for when a view is made and a directory has changed. The keywords
// that such programs keep as the letters a to z stay in the names and mean nothing
// here, as does the number that mbsync puts behind a name. Of two messages that were
// given one name one gets another. A size that a name tells is believed if the other
// is that of the file.
//
// A directory that has two names, as by a symbolic link within the store, is one
// Mailbox under both.
//
// # Limits
//
// In memory a message takes about 160 octets (BenchmarkMemory), most of them its
// name, and 56 more as long as a view is held. A mailbox has 64 keywords at a time and remembers at least 2048 ranges of UIDs that
// have gone. Mailboxes that nobody uses are kept, 256 of them ([Options]).
//
// # Concurrency
//
// A Store and its mailboxes may be used by any number of goroutines. A View does not
// change.
package mailstore
