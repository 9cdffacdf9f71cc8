package main

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"sync"

	"applayer/http1"
	"applayer/http1/form"
)

var uriScene = Scene{
	Name:  "uri-attack",
	Title: "what a URI shows to everybody on the way, and URIs and headers without end",
	Run: func(ctx context.Context, n *Net) error {
		return errors.Join(playOrders(ctx, n), playFloods(ctx, n))
	},
}

const (
	thingsHost = "www.things.com"
	orderInput = "custID=101&name=Trudeau&part=555A&qy=20&price=10"
)

// playOrders sends one order by GET and by POST, in the clear and over TLS,
// past a recorder on the wire.
func playOrders(ctx context.Context, n *Net) error {
	serverTLS, clientTLS, err := certificate(thingsHost)
	if err != nil {
		return err
	}
	var shop shop
	stop, err := shop.open(ctx, n, &http1.Server{}, thingsHost+":80")
	if err != nil {
		return err
	}
	defer stop()
	stopTLS, err := shop.open(ctx, n, &http1.Server{TLSConfig: serverTLS}, thingsHost+":443")
	if err != nil {
		return err
	}
	defer stopTLS()
	wire := new(recorder)
	clear := &http1.Client{Dial: wire.on(n.Dial), Mode: http1.NonPersistent}
	for _, method := range []string{http1.MethodGet, http1.MethodPost} {
		n.Printf("an order by %s", method)
		wire.reset()
		if err := order(ctx, clear, "http", method); err != nil {
			return err
		}
		sent, _ := wire.octets()
		if err := overhear(n, method, sent); err != nil {
			return err
		}
	}
	sealed := &http1.Client{Dial: wire.on(n.DialUntold), TLS: clientTLS, Mode: http1.NonPersistent}
	for _, method := range []string{http1.MethodGet, http1.MethodPost} {
		n.Printf("an order by %s over TLS", method)
		wire.reset()
		if err := order(ctx, sealed, "https", method); err != nil {
			return err
		}
		sent, _ := wire.octets()
		overhearTLS(n, sent)
	}
	stop()
	stopTLS()
	n.Expect("the shop got the same order four times", slices.Repeat([]string{orderInput}, 4), shop.orders)
	n.Expect("lines of the shop's logs that tell it: those of GET, over TLS as well", 2, strings.Count(shop.log.String(), orderInput))
	return nil
}

// shop takes orders, and has a log as servers do.
type shop struct {
	mu     sync.Mutex
	orders []string
	log    bytes.Buffer
	access http1.AccessLog
}

func (s *shop) open(ctx context.Context, n *Net, srv *http1.Server, addr string) (stop func(), err error) {
	s.access.Writer = &s.log
	srv.Handler, srv.AccessLog = s, &s.access
	return serveWeb(ctx, n, srv, addr)
}

// ServeHTTP takes an order from the URI or the body.
func (s *shop) ServeHTTP(_ context.Context, w *http1.ResponseWriter, r *http1.Request) {
	fields, err := form.ParseURLEncoded(r.Target.Query, nil)
	if r.Method == http1.MethodPost && err == nil {
		var f *form.Form
		if f, err = form.ReadRequest(r, nil); err == nil {
			fields = f.Fields
			defer f.Close()
		}
	}
	if err != nil {
		w.Error(form.Status(err), err.Error())
		return
	}
	text, err := form.AppendURLEncoded(nil, fields)
	if err != nil {
		w.Error(http1.StatusBadRequest, err.Error())
		return
	}
	s.mu.Lock()
	s.orders = append(s.orders, string(text))
	s.mu.Unlock()
	w.WriteString("thank you\n")
}

// order places the order.
func order(ctx context.Context, client *http1.Client, scheme, method string) error {
	url := scheme + "://" + thingsHost + "/orders.asp"
	if method == http1.MethodGet {
		_, _, err := fetchURL(ctx, client, url+"?"+orderInput)
		return err
	}
	fields, err := form.ParseURLEncoded(orderInput, nil)
	if err != nil {
		return err
	}
	q, err := form.NewRequest(url, fields, nil)
	if err != nil {
		return err
	}
	_, _, err = fetch(ctx, client, q)
	return err
}

// overhear is what the recorder makes of a request in clear text.
func overhear(n *Net, method, sent string) error {
	var q http1.Request
	head, err := q.Parse([]byte(sent), nil)
	if err != nil {
		return err
	}
	uri, where := "/orders.asp", "the body, in clear text"
	read := sent[head:]
	if method == http1.MethodGet {
		uri, where, read = uri+"?"+orderInput, "the URI", q.Target.Query
	}
	n.Expect("URI that the recorder reads", uri, q.Target.String())
	fields, err := form.ParseURLEncoded(read, nil)
	if err != nil {
		return err
	}
	n.Expect("fields that it reads in "+where, 5, len(fields))
	for i, want := range []form.Field{
		{Name: "custID", Value: "101"}, {Name: "name", Value: "Trudeau"}, {Name: "part", Value: "555A"},
		{Name: "qy", Value: "20"}, {Name: "price", Value: "10"},
	} {
		if i < len(fields) {
			n.Expect(want.Name, want.Value, fields[i].Value)
		}
	}
	return nil
}

// overhearTLS is what the recorder finds in what went over TLS.
func overhearTLS(n *Net, sent string) {
	var found []string
	for _, word := range []string{"orders.asp", "custID", "Trudeau", "555A", "price", "HTTP/1.1"} {
		if strings.Contains(sent, word) {
			found = append(found, word)
		}
	}
	n.Printf("the recorder has %d octets; the last of them: % x", len(sent), sent[max(0, len(sent)-24):])
	n.Expect("words of the order that the recorder finds", []string(nil), found)
	n.Expect("it learns whom the client talks to, from the handshake", true, strings.Contains(sent, thingsHost))
}
