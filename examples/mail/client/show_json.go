package main

import (
	"bytes"
	"encoding/json"
	"io"
	"slices"
	"strings"
	"time"

	"applayer/mime"
)

// object is what -json prints.
type object struct {
	Subject    string    `json:"subject"`
	From       []person  `json:"from"`
	To         []person  `json:"to"`
	Cc         []person  `json:"cc"`
	Date       string    `json:"date"`
	MessageID  string    `json:"message_id"`
	Text       string    `json:"text"`
	Parts      []part    `json:"parts"`
	Signatures []layer   `json:"signatures"`
	Encrypted  bool      `json:"encrypted"`
	Defects    []problem `json:"defects"`
}

type person struct {
	Name string `json:"name"`
	Addr string `json:"addr"`
}

// layer is a signature. There are none as long as no layer can be opened.
type layer struct {
	Kind   string `json:"kind"`
	Status string `json:"status"`
	Signer string `json:"signer"`
	Part   string `json:"part"`
}

type problem struct {
	Code   string `json:"code"`
	Offset int64  `json:"offset"`
	Field  string `json:"field"`
	Ref    string `json:"ref"`
}

// printJSON prints the message for programs.
func (v *view) printJSON(w io.Writer) error {
	o := object{
		Subject: v.field("Subject"), From: people(v.addresses("From")), To: people(v.addresses("To")), Cc: people(v.addresses("Cc")),
		Text: v.plain, Parts: v.parts, Signatures: []layer{}, Defects: []problem{},
	}
	if o.Parts == nil {
		o.Parts = []part{}
	}
	if d, err := v.header.Date(); err == nil {
		o.Date = d.Format(time.RFC3339)
	}
	if id, err := v.header.MessageID(); err == nil {
		o.MessageID = strings.Trim(id, "<>")
	}
	for _, d := range v.defects {
		o.Defects = append(o.Defects, problem{string(d.Code), d.Offset, d.Field, d.Ref})
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(o); err != nil {
		return err
	}
	_, err := w.Write(append(visibleJSON(b.Bytes()), '\n'))
	return err
}

// addresses are the mailboxes of a field; those of groups are among them.
func (v *view) addresses(name string) []mime.Mailbox {
	list, err := v.header.AddressList(name)
	if err != nil {
		return nil
	}
	return slices.Collect(list.Mailboxes())
}

func people(list []mime.Mailbox) []person {
	all := []person{}
	for _, m := range list {
		all = append(all, person{m.Name, m.Addr()})
	}
	return all
}

// addressText is a list of mailboxes for people.
func addressText(list []mime.Mailbox) string {
	var b strings.Builder
	for i, m := range list {
		if i > 0 {
			b.WriteString(", ")
		}
		if m.Name == "" {
			b.WriteString(m.Addr())
			continue
		}
		b.WriteString(m.Name + " <" + m.Addr() + ">")
	}
	return b.String()
}
