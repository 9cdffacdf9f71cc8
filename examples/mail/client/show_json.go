package main

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"time"

	"applayer/examples/internal/mailview"
	"applayer/mime"
)

// object is what -json prints.
type object struct {
	Subject    string          `json:"subject"`
	From       []person        `json:"from"`
	To         []person        `json:"to"`
	Cc         []person        `json:"cc"`
	Date       string          `json:"date"`
	MessageID  string          `json:"message_id"`
	Text       string          `json:"text"`
	Parts      []mailview.Part `json:"parts"`
	Signatures []layer         `json:"signatures"`
	Encrypted  bool            `json:"encrypted"`
	Defects    []problem       `json:"defects"`
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
func printJSON(w io.Writer, v *mailview.View) error {
	o := object{
		Subject: v.Field("Subject"), From: people(v.Addresses("From")), To: people(v.Addresses("To")), Cc: people(v.Addresses("Cc")),
		Text: v.Plain, Parts: v.Parts, Signatures: []layer{}, Defects: []problem{},
	}
	if o.Parts == nil {
		o.Parts = []mailview.Part{}
	}
	if d, err := v.Header.Date(); err == nil {
		o.Date = d.Format(time.RFC3339)
	}
	if id, err := v.Header.MessageID(); err == nil {
		o.MessageID = strings.Trim(id, "<>")
	}
	for _, d := range v.Defects {
		o.Defects = append(o.Defects, problem{string(d.Code), d.Offset, d.Field, d.Ref})
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(o); err != nil {
		return err
	}
	_, err := w.Write(append(mailview.VisibleJSON(b.Bytes()), '\n'))
	return err
}

func people(list []mime.Mailbox) []person {
	all := []person{}
	for _, m := range list {
		all = append(all, person{m.Name, m.Addr()})
	}
	return all
}
