package main

import (
	"context"
	"strings"
	"time"
)

var cacheTTLScene = Scene{
	Name:  "cache-ttl",
	Title: "what a local name server remembers, and for how long",
	Run:   playCacheTTL,
}

// movingTTL is the time to live of an address that changes.
const movingTTL = 2 * time.Second

func playCacheTTL(ctx context.Context, n *Net) error {
	h, err := startHierarchy(ctx, n, &wire{n: n}, hierarchyOptions{roots: 1})
	if err != nil {
		return err
	}
	defer h.stop()
	if err := h.move("128.119.40.1"); err != nil {
		return err
	}
	rows := [][]string{{"asked", "messages", "questions to the root", "why"}}
	for _, tt := range []struct {
		name     string
		want     []string
		messages int64
		why      string
	}{
		{"gaia.cs.umass.edu", []string{"128.119.245.12"}, 8, "nothing is known but the root"},
		{"gaia.cs.umass.edu", []string{"128.119.245.12"}, 2, "the answer is known"},
		{"www.umass.edu", []string{"128.119.8.148"}, 4, "the servers of umass.edu are known"},
		{"engineering.nyu.edu", []string{"216.165.47.10"}, 6, "the servers of edu are known: the root is not asked"},
	} {
		var got []string
		messages, err := h.count(func() error {
			got, err = h.ask(ctx, "mills.cas.mcmaster.ca", tt.name)
			return err
		})
		if err != nil {
			return err
		}
		n.Expect("address of "+tt.name, tt.want, got)
		n.Expect("messages, as "+tt.why, tt.messages, messages)
		root := int64(0)
		if tt.messages == 8 {
			root = 1
		}
		n.Expect("questions to the root", root, h.rootAsked())
		rows = append(rows, []string{tt.name, show(messages), show(root), tt.why})
	}
	n.Table(rows...)
	return h.stale(ctx, n)
}

// move gives moving.umass.edu a new address, in a new version of the zone.
func (h *hierarchy) move(addr string) error {
	z, err := loadZone(umassZone + "moving " + show(int(movingTTL.Seconds())) + " A " + addr + "\n")
	if err != nil {
		return err
	}
	h.umass.store.Publish(z)
	return nil
}

// stale changes an address while the local server has the old one.
func (h *hierarchy) stale(ctx context.Context, n *Net) error {
	address := func(what, want string) error {
		got, err := h.ask(ctx, "mills.cas.mcmaster.ca", "moving.umass.edu")
		if err == nil {
			n.Expect(what, want, strings.Join(got, " "))
		}
		return err
	}
	if err := address("address of moving.umass.edu, kept for "+movingTTL.String(), "128.119.40.1"); err != nil {
		return err
	}
	learned := time.Now()
	if err := h.move("128.119.40.2"); err != nil {
		return err
	}
	if err := address("the address has changed, the answer not", "128.119.40.1"); err != nil {
		return err
	}
	select {
	case <-time.After(time.Until(learned.Add(movingTTL + time.Second))):
	case <-ctx.Done():
		return ctx.Err()
	}
	return address("its time to live is over", "128.119.40.2")
}
