package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"applayer/examples/internal/cli"
	"applayer/examples/internal/web"
	"applayer/http1"
	"applayer/http1/cookie"
)

// addField takes a value of -H. What would be more than one field is wrong
// usage.
func (o *options) addField(s string) error {
	name, value, ok := strings.Cut(s, ":")
	value = strings.Trim(value, " \t")
	if !ok || !http1.IsToken(name) || !http1.IsFieldValue(value) {
		return errors.New("is no field 'K: V' on one line")
	}
	o.header.Add(name, value)
	return nil
}

// request makes the request that the flags ask for.
func (o *options) request(env *cli.Env) (*http1.Request, error) {
	if o.page != "" && (o.method != "" || o.hasData || o.upload != "" || o.byteRange != "" || o.heads) {
		return nil, cli.Usagef("-page: goes with none of -X, -d, -T, -r, -i")
	}
	method, body, err := o.body(env)
	if err != nil {
		return nil, err
	}
	if o.method != "" {
		method = o.method
	}
	r, err := http1.NewRequest(method, targetURL(env), body)
	if err != nil {
		return nil, cli.Usagef("%v", err)
	}
	if o.hasData && !o.header.Has("Content-Type") {
		r.Header.Add("Content-Type", "application/x-www-form-urlencoded")
	}
	for name, value := range o.header.All() {
		r.Header.Add(name, value)
	}
	if o.byteRange != "" {
		if !http1.IsFieldValue(o.byteRange) {
			return nil, cli.Usagef("-r %q: is no range", o.byteRange)
		}
		r.Header.Add("Range", "bytes="+o.byteRange)
	}
	if o.http10 {
		r.Version = http1.HTTP10
	}
	return r, nil
}

// targetURL is the URL given, whose scheme is http if it has none.
func targetURL(env *cli.Env) string {
	if url := env.Args[0]; strings.Contains(url, "://") {
		return url
	}
	return "http://" + env.Args[0]
}

// body returns what is sent, and the method for it.
func (o *options) body(env *cli.Env) (method string, body io.Reader, err error) {
	switch {
	case o.hasData && o.upload != "":
		return "", nil, cli.Usagef("-d and -T: there is one body")
	case o.hasData:
		return http1.MethodPost, strings.NewReader(o.data), nil
	case o.upload == "-":
		return http1.MethodPut, struct{ io.Reader }{env.Stdin}, nil
	case o.upload != "":
		f, err := os.Open(o.upload)
		if err != nil {
			return "", nil, fmt.Errorf("-T: %w", err)
		}
		return http1.MethodPut, f, nil
	}
	return http1.MethodGet, nil, nil
}

// client makes the client that the flags ask for; its jar is to be closed.
func (o *options) client(ctx context.Context, env *cli.Env) (*http1.Client, *cookie.FileJar, error) {
	c := &http1.Client{
		Dial:      env.DialQuietly,
		Redirect:  &http1.Redirects{Off: !o.follow},
		UserAgent: "applayer-client",
		Trace:     web.Trace(env),
	}
	if o.insecure {
		c.TLS = &tls.Config{InsecureSkipVerify: true} // -k asks for it by name
	}
	if err := o.setMode(c); err != nil {
		return nil, nil, err
	}
	if err := o.setProxy(c); err != nil {
		return nil, nil, err
	}
	options := cookie.JarOptions{BlockThirdParty: o.blockThirdParty}
	switch {
	case o.cookieJar != "":
		jar, err := cookie.OpenFileJar(ctx, o.cookieJar, &cookie.FileJarOptions{JarOptions: options})
		if err != nil {
			return nil, nil, fmt.Errorf("-cookie-jar: %w", err)
		}
		c.Jar = jar
		return c, jar, nil
	case o.page != "" || o.blockThirdParty:
		c.Jar = cookie.NewJar(&options)
	}
	return c, nil, nil
}

func (o *options) setMode(c *http1.Client) error {
	if o.page == "" {
		return nil
	}
	for _, m := range []http1.Mode{http1.NonPersistent, http1.Parallel, http1.Persistent, http1.Pipelined} {
		if m.String() == o.page {
			c.Mode = m
			return nil
		}
	}
	return cli.Usagef("-page %s: is none of nonpersistent, parallel, persistent, pipelined", o.page)
}

func (o *options) setProxy(c *http1.Client) (err error) {
	if o.proxy == "" {
		if c.Proxy, err = http1.ProxiesFromEnvironment(os.Getenv); err != nil {
			return fmt.Errorf("proxy of the environment: %w", err)
		}
		return nil
	}
	u, err := http1.ParseProxy(o.proxy)
	if err != nil {
		return cli.Usagef("-proxy: %v", err)
	}
	c.Proxy = &http1.Proxies{HTTP: u, HTTPS: u, Loopback: true}
	return nil
}
