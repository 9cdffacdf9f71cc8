// Package maildir reads and writes the Maildir format: a folder of mail as three
// directories, a message a file, of which the name tells its flags. It is the format
// alone, without an index and without a protocol.
//
// # Begin with
//
// [Create] or [Open] gives a [Dir]. [Dir.Deliver] puts a message there;
// [Dir.New], [Dir.Cur] and [Dir.All] go through what is there; [Dir.SetFlags] and
// [Dir.Remove] change it. [Dir.Folders] and [Dir.CreateFolder] are about the folders
// within it, which are laid out as Maildir++ has them. A [Batch] makes many changes
// at the price of one, and [Batch.ChangeFlags] none that undoes another program's.
// [Dir.OpenWire] reads a message with the CRLF line ends that it has on the wire,
// whatever its file has.
//
// # What is implemented
//
// Names of files with their flags and the sizes S= and W= ([ParseName]), those of
// folders in modified UTF-7 (RFC 3501 §5.1.3). There is no RFC for the format: it
// is what its author wrote down for qmail, and what Courier and Dovecot added to it.
//
// # Safety
//
// A message is written to tmp, synced, renamed to new or cur, and that directory is
// synced: only then does [Delivery.Commit] return, and a crash before leaves no
// half message where readers look. A flag is changed by renaming. Any number of
// programs may use a Maildir at the same time without locks, so a message may have
// another name, or be gone, by the time that it is opened; [Dir.OpenMessage] looks
// for it. All files are reached through an [os.Root], which no name leads out of.
//
// # Errors
//
// A name that is none gives a [*ParseError]; the others are of package os.
//
// # Concurrency
//
// A Dir may be used by several goroutines.
package maildir
