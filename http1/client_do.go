package http1

import (
	"context"
	"errors"
	"io"
	"net/url"
)

// Do sends a request, follows redirects, and returns the response to the last
// one, whatever its status. Its Body is never nil. R is left as it is but for
// the reading of its Body; Response.Request is the request that was answered.
func (c *Client) Do(ctx context.Context, r *Request) (*Response, error) {
	if r.Method == "" {
		get := *r
		get.Method, r = MethodGet, &get
	}
	start, replayable := bodyStart(r.Body)
	var seen []hop
	trips := 0
	for {
		resp, cookie, err := c.doOne(ctx, r)
		if err != nil {
			return nil, requestError(r, err)
		}
		trips += resp.RoundTrips
		resp.RoundTrips = trips
		if redirectMethod(resp.Status, r.Method) == "" {
			return resp, nil
		}
		next, err := c.Redirect.follow(r, resp, seen)
		if next == nil && err == nil {
			return resp, nil
		}
		seen = append(seen, hop{r.Method, r.Target.Scheme + "://" + r.Target.Authority + r.Target.String(), cookie})
		if err == nil {
			err = c.mayFollow(next, resp, seen, replayable)
		}
		resp.Body.Close() // now nobody reads the request's body
		if err == nil && next.Body != nil {
			_, err = next.Body.(io.Seeker).Seek(start, io.SeekStart)
		}
		if err != nil {
			return nil, requestError(r, err)
		}
		r = next
	}
}

// mayFollow refuses loops, and bodies that cannot be sent again.
func (c *Client) mayFollow(next *Request, resp *Response, seen []hop, replayable bool) error {
	to := next.Target.Scheme + "://" + next.Target.Authority + next.Target.String()
	refuse := func(err error) error {
		return &RedirectError{Status: resp.Status, From: seen[len(seen)-1].url, To: to, Err: err}
	}
	if next.Body != nil && !replayable {
		return refuse(ErrNotReplayable)
	}
	cookie := c.cookie(next)
	for _, h := range seen {
		if h.method == next.Method && h.url == to && h.cookie == cookie {
			return refuse(ErrRedirectLoop)
		}
	}
	return nil
}

func requestError(r *Request, err error) error {
	if _, ok := errors.AsType[*RequestError](err); ok {
		return err
	}
	return &RequestError{Method: r.Method, URL: r.Target.Scheme + "://" + r.Target.Authority + r.Target.String(), Err: err}
}

// bodyStart tells where a body stands, and whether it can be sent again from
// there.
func bodyStart(body io.Reader) (int64, bool) {
	if body == nil {
		return 0, true
	}
	s, ok := body.(io.Seeker)
	if !ok {
		return 0, false
	}
	at, err := s.Seek(0, io.SeekCurrent)
	return at, err == nil
}

// cookie returns the cookies for a request that the Jar has.
func (c *Client) cookie(r *Request) string {
	if c.Jar == nil {
		return ""
	}
	return c.Jar.Cookie(r.Target.URL(), r.Top, r.Method)
}

// doOne sends one request, with the cookies that it returns, and keeps those
// that come back.
func (c *Client) doOne(ctx context.Context, r *Request) (resp *Response, cookie string, err error) {
	cookie = c.cookie(r)
	decompresses := c.Decompress && !r.Header.Has("Accept-Encoding") && !r.Header.Has("Range") && r.Method != MethodHead
	if c.Doer != nil {
		sent := *r
		sent.Header = r.Header.Clone()
		c.addFields(&sent, cookie, decompresses)
		resp, err = c.Doer.Do(ctx, &sent)
	} else {
		resp, err = c.exchange(ctx, r, cookie, decompresses)
	}
	if err != nil {
		return nil, "", err
	}
	resp.Request = r
	if resp.Body == nil { // of a Doer that has none
		resp.Body = emptyBody{}
	}
	if c.Jar != nil {
		c.keepCookies(r.Target.URL(), r.Top, &resp.Header)
	}
	if decompresses {
		decompress(resp, &c.Limits)
	}
	return resp, cookie, nil
}

func (c *Client) keepCookies(u, top *url.URL, h *Header) {
	for v := range h.Values("Set-Cookie") {
		_ = c.Jar.SetCookie(u, top, v) // refused cookies are the Jar's affair
	}
}

// addFields adds to a request about to be sent what the client has to say.
func (c *Client) addFields(r *Request, cookie string, decompresses bool) {
	h := &r.Header
	if referer := h.Get("Referer"); referer != "" {
		if clean := cleanReferer(referer, &r.Target); clean == "" {
			h.Del("Referer")
		} else if clean != referer {
			h.Set("Referer", clean)
		}
	}
	if cookie != "" {
		if own := h.Get("Cookie"); own != "" {
			cookie = own + "; " + cookie
		}
		h.Set("Cookie", cookie)
	}
	if decompresses {
		h.Add("Accept-Encoding", acceptEncoding)
	}
	if c.UserAgent != "" && !h.Has("User-Agent") {
		h.Add("User-Agent", c.UserAgent)
	}
}
