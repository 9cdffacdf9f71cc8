// Package files serves a folder over HTTP: pages, ranges, conditional requests,
// listings, and uploads where they are allowed.
//
// # Where to start
//
// A [FileServer] is an http1.Handler:
//
//	root, err := os.OpenRoot("/srv/www")
//	...
//	s := &http1.Server{Handler: &files.FileServer{Root: root}}
//
// With Root it stays in the folder whatever the path says and wherever symbolic
// links lead, since [os.Root] does; FS serves any [fs.FS], such as files that
// were embedded. [TypeOf] is its table of media types.
//
// # What is answered
//
// GET and HEAD (RFC 9110 §9.3.1, §9.3.2) as http1.ServeContent does: ranges
// (RFC 9110 §14) and preconditions (RFC 9110 §13). Each file has a
// Last-Modified date and an entity tag of its inode, its size and its time of
// change in nanoseconds, as in the lecture; the tag is weak while that time is
// less than two seconds ago, when another change could have the same one. A
// folder is answered with its index page, else with a listing if that is
// allowed, else 403; without a slash behind its path, with 301.
//
// PUT and DELETE where Writable says so (RFC 9110 §9.3.4, §9.3.5). A PUT is
// written beside its place, brought to the disk, and renamed, and the answer
// comes when the folder is on the disk too: a crash leaves the old file or the
// new one, a cut upload nothing. Both heed preconditions, so that two authors
// need not overwrite each other (RFC 9110 §13.1.1).
//
// OPTIONS tells the methods; others that HTTP knows get 405, unknown ones 501.
//
// # Paths
//
// The target's path is percent-decoded once. A NUL, a backslash, an encoded
// slash, or what is not UTF-8 (overlong forms are not) gets 400: these serve to
// deceive. Then dots are resolved as in RFC 3986 §5.2.4, and never above the
// root. A name that begins with a dot is as if it were not there, unless
// Dotfiles is set, but for the folder /.well-known (RFC 8615 §3).
//
// What does not exist, or could not under that name, gets 404; so does what is
// neither a file nor a folder, and a link that leads out of the root. What may
// not be read gets 403. A disk that is full gets 507.
//
// # Files held open
//
// On Linux, files that were asked for stay open for the next time, small ones
// with their octets in memory; that saves the walk along the name and most of
// the time that a small file takes. Each answer first asks the file itself
// whether it was changed, replaced or removed, in one system call, so that a
// change shows at once; only that of a folder above it may take a second.
// Recheck has it ask less often.
//
// # Limits
//
// A response has at most 16 parts, an upload at most 1 GiB, a listing at most
// 10000 names; 256 files are held open. Zero is these defaults, a negative value no limit.
//
// # Not here
//
// Compression as it is sent (a file beside it with .gz is, by Gzip), partial
// PUT (RFC 9110 §14.5), WebDAV, negotiation of languages.
package files
