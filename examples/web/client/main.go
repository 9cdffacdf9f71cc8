// Client fetches a URL, or a page with all that it references: the client of
// the lecture's Web chapter.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/url"
	"os"
	"sync"

	"applayer/examples/internal/cli"
	"applayer/http1"
	"applayer/http1/page"
)

func main() { cli.Main(program()) }

// options are the values of the flags.
type options struct {
	method          string
	header          http1.Header
	data            string
	hasData         bool
	upload          string
	output          string
	heads           bool
	byteRange       string
	cookieJar       string
	blockThirdParty bool
	proxy           string
	http10          bool
	follow          bool
	insecure        bool
	page            string
}

func program() *cli.Program {
	var o options
	return &cli.Program{
		Name: "client",
		Synopsis: "[-X METHOD] [-H 'K: V']... [-d DATA] [-T FILE] [-o FILE] [-i] [-r RANGE] [-cookie-jar F] " +
			"[-block-third-party] [-proxy URL] [-map FILE] [-http1.0] [-L] [-k] [-page MODE] URL",
		About: `
Client fetches a URL and prints its content, whatever the status. With -page it
fetches all that an HTML page references too, in one of the lecture's ways, and
prints what that took. It fails for a body that was cut, a redirect loop and a
response whose end cannot be told.`,
		Example: `client -i http://127.0.0.1:8080/
client -page pipelined http://127.0.0.1:8080/index.html`,
		Flags: func(fs *flag.FlagSet) {
			fs.StringVar(&o.method, "X", "", "`METHOD` of the request (default GET, POST with -d, PUT with -T)")
			fs.Func("H", "send the field `'K: V'`; may be repeated", o.addField)
			fs.Func("d", "send `DATA` as a form (application/x-www-form-urlencoded, unless -H says otherwise)", func(s string) error {
				o.data, o.hasData = s, true
				return nil
			})
			fs.StringVar(&o.upload, "T", "", "send the content of `FILE`, - for standard input")
			fs.StringVar(&o.output, "o", "", "write the content, with -page that of the base file, to `FILE` in place of standard output")
			fs.BoolVar(&o.heads, "i", false, "print the response's head before its content")
			fs.StringVar(&o.byteRange, "r", "", "ask for a `RANGE` of octets alone: 0-499, 500-, -500, or several with commas")
			fs.StringVar(&o.cookieJar, "cookie-jar", "", "take cookies from `F` and keep them there, in the Netscape format")
			fs.BoolVar(&o.blockThirdParty, "block-third-party", false, "neither take nor send the cookies of other sites in a page")
			fs.StringVar(&o.proxy, "proxy", "", "ask by way of the proxy at `URL` (default what http_proxy, https_proxy and no_proxy say)")
			fs.BoolVar(&o.http10, "http1.0", false, "speak HTTP/1.0")
			fs.BoolVar(&o.follow, "L", false, "follow redirects")
			fs.BoolVar(&o.insecure, "k", false, "take any certificate")
			fs.StringVar(&o.page, "page", "", "fetch the page in `MODE`: nonpersistent, parallel, persistent or pipelined")
		},
		Run: func(ctx context.Context, env *cli.Env) error {
			if len(env.Args) != 1 {
				return cli.Usagef("give one URL")
			}
			r, err := o.request(env)
			if err != nil {
				return err
			}
			if c, ok := r.Body.(io.Closer); ok {
				defer c.Close()
			}
			return o.run(ctx, env, r)
		},
	}
}

// run sends the request, or fetches the page.
func (o *options) run(ctx context.Context, env *cli.Env, r *http1.Request) (err error) {
	client, jar, err := o.client(ctx, env)
	if err != nil {
		return err
	}
	defer client.CloseIdle()
	if jar != nil {
		for _, damage := range jar.Damaged() {
			env.Log.Warn("cookie lost", "err", damage)
		}
		defer func() { err = errors.Join(err, jar.Close()) }()
	}
	if o.page != "" {
		return o.fetchPage(ctx, env, client)
	}
	resp, err := client.Do(ctx, r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if o.heads {
		if err := printHead(env.Stdout, resp); err != nil {
			return err
		}
	}
	if err := o.write(env, resp.Length, resp.Body); err != nil {
		return err
	}
	if !resp.Complete {
		return errors.New("content: TLS ended without its closing alert, so it may be cut (RFC 9112 §9.8)")
	}
	return nil
}

// write writes content of that length to where it belongs. The file of -o is
// made only when there is something to put there: what it held is worth more
// than an error.
func (o *options) write(env *cli.Env, length int64, content io.Reader) (err error) {
	out := env.Stdout
	if o.output != "" {
		f, err := os.Create(o.output)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, f.Close()) }()
		out = f
	}
	bar := env.Progress(length)
	defer bar.Close()
	_, err = io.Copy(io.MultiWriter(out, bar), content)
	return err
}

// printHead prints the status line and the fields as they came.
func printHead(w io.Writer, resp *http1.Response) error {
	_, err := w.Write(resp.Raw())
	return err
}

// fetchPage fetches the page, writes its base file to -o and prints what it took.
func (o *options) fetchPage(ctx context.Context, env *cli.Env, client *http1.Client) error {
	p := &page.Page{Client: client, Header: o.header}
	if o.http10 {
		p.Version = http1.HTTP10
	}
	if o.output != "" {
		var base sync.Once // the first one saved
		p.Save = func(_ *url.URL, resp *http1.Response, content io.Reader) (err error) {
			base.Do(func() { err = o.write(env, resp.Length, content) })
			return err
		}
	}
	rep, err := p.Fetch(ctx, targetURL(env))
	if err != nil {
		return err
	}
	for _, object := range rep.Objects {
		if object.Err != nil {
			err = errors.Join(err, object.Err)
		} else if object.Status >= 400 {
			env.Log.Warn("object is not there", "url", object.URL.String(), "status", object.Status)
		}
	}
	fmt.Fprintf(env.Stdout, "objects %d, connections %d, requests %d, round trips %d, time %.3f s\n",
		len(rep.Objects), rep.Connections, rep.Requests, rep.RoundTrips, rep.Time.Seconds())
	return err
}
