// Package page finds what a Web page is made of: the objects that its HTML
// refers to, images, scripts, style sheets and frames, so that they can be
// fetched too, and fetches them.
//
// [References] reads HTML from a stream and yields each [Reference] as it comes
// by, resolved against the page's address and its base element. Below it is a
// [Tokenizer], which yields the tags with their attributes and passes over
// text, comments and scripts.
//
// A [Page] fetches a page with all of that, in each of the ways in which a
// client can use connections, and reports what it took.
//
// # What counts as a reference
//
// What a browser without scripts would fetch to show the page: the sources of
// img, input of type image, script, iframe, frame, embed, object, audio, video
// (its poster too), track and source, and of link those whose rel is
// stylesheet, icon, apple-touch-icon, preload, modulepreload or manifest. An
// img or source with srcset and without src gives the first candidate. What is
// in a template element is not part of the page, what is in noscript is. Only
// http and https are given: data, about, javascript and others need no fetch. An
// address with a user name is passed over, as browsers do.
// References in style sheets and scripts are not looked for.
//
// # HTML
//
// Tags, attributes in any quoting, comments, raw text and character references
// follow the tokenization of the HTML Standard (§13.2.5), and so does every
// fault: there is no HTML that is refused. No tree is built. So it is guessed
// from the tags alone whether a place is within svg or math, where scripts are
// no raw text and CDATA sections exist. The stream is read as UTF-8; of UTF-16
// nothing is found.
//
// # Limits, errors, concurrency
//
// A page of any length is read in constant memory: [Limits] bounds what is kept
// of one tag, and attributes beyond it, such as an image of a megabyte within a
// data URL, are dropped as if they were not there. The only errors are those of
// the stream. How many references to follow is the caller's decision, who may
// leave the loop at any time; a Page has limits of its own. References and
// Tokenizer start no goroutine, and a Tokenizer is for one at a time. A Page
// waits for those that it starts.
package page
