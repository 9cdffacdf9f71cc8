package main

import (
	"errors"
	"net/http"
	"testing"

	"github.com/valyala/fasthttp"

	"applayer/http1/cookie"
)

// setCookie is what shops and the like send.
const setCookie = "sid=38afes7a8; Domain=example.com; Path=/shop; Expires=Wed, 21 Oct 2026 07:28:00 GMT; Max-Age=3600; Secure; HttpOnly; SameSite=Lax"

var errCookie = errors.New("cookie is not the one that was sent")

func parseSetCookie(b *testing.B) error {
	for range b.N {
		c, err := cookie.ParseSetCookie(setCookie, nil)
		if err != nil {
			return err
		}
		if c.Value != "38afes7a8" {
			return errCookie
		}
	}
	return nil
}

func parseSetCookieNetHTTP(b *testing.B) error {
	for range b.N {
		c, err := http.ParseSetCookie(setCookie)
		if err != nil {
			return err
		}
		if c.Value != "38afes7a8" {
			return errCookie
		}
	}
	return nil
}

// parseSetCookieFastHTTP reuses its cookie.
func parseSetCookieFastHTTP(b *testing.B) error {
	var c fasthttp.Cookie
	for range b.N {
		if err := c.Parse(setCookie); err != nil {
			return err
		}
		if string(c.Value()) != "38afes7a8" {
			return errCookie
		}
	}
	return nil
}
