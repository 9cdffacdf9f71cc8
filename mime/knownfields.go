package mime

import "applayer/internal/ascii"

// fieldKind is how the value of a field is built.
type fieldKind uint8

// The kinds of fields. Those of a name that is not known are unstructured
// (RFC 5322 §3.6.8).
const (
	kindUnstructured  fieldKind = iota
	kindAddressList             // RFC 5322 §3.4
	kindAuthors                 // RFC 5322 §3.6.2
	kindMailboxes               // RFC 8098 §2.1
	kindNotification            // RFC 8098 §2.2
	kindMailbox                 // RFC 5322 §3.6.2
	kindDate                    // RFC 5322 §3.3
	kindMessageID               // RFC 5322 §3.6.4
	kindMessageIDs              // RFC 5322 §3.6.4
	kindPhrases                 // RFC 5322 §3.6.5
	kindPath                    // RFC 5322 §3.6.7
	kindReceived                // RFC 5322 §3.6.7
	kindVersion                 // RFC 2045 §4
	kindMediaType               // RFC 2045 §5
	kindEncoding                // RFC 2045 §6
	kindContentID               // RFC 2045 §7
	kindDisposition             // RFC 2183
	kindLanguages               // RFC 3282
	kindMD5                     // RFC 1864
	kindURI                     // RFC 2557
	kindCommands                // RFC 2369
	kindListID                  // RFC 2919
	kindAutoSubmitted           // RFC 3834
	kindAuthResults             // RFC 8601
)

// knownField is what is known of the fields of a name.
type knownField struct {
	kind fieldKind
	once bool   // at most one in a header
	ref  string // the section that defines it
}

// knownFields are the fields that have a structure, or a number, by their
// names in lower case.
var knownFields = map[string]knownField{
	"date":        {kindDate, true, "RFC 5322 §3.6.1"},
	"from":        {kindAuthors, true, "RFC 5322 §3.6.2"},
	"sender":      {kindMailbox, true, "RFC 5322 §3.6.2"},
	"reply-to":    {kindAddressList, true, "RFC 5322 §3.6.2"},
	"to":          {kindAddressList, true, "RFC 5322 §3.6.3"},
	"cc":          {kindAddressList, true, "RFC 5322 §3.6.3"},
	"bcc":         {kindAddressList, true, "RFC 5322 §3.6.3"},
	"message-id":  {kindMessageID, true, "RFC 5322 §3.6.4"},
	"in-reply-to": {kindMessageIDs, true, "RFC 5322 §3.6.4"},
	"references":  {kindMessageIDs, true, "RFC 5322 §3.6.4"},
	"subject":     {kindUnstructured, true, "RFC 5322 §3.6.5"},
	"keywords":    {kindPhrases, false, "RFC 5322 §3.6.5"},

	"resent-date":       {kindDate, false, "RFC 5322 §3.6.6"},
	"resent-from":       {kindAuthors, false, "RFC 5322 §3.6.6"},
	"resent-sender":     {kindMailbox, false, "RFC 5322 §3.6.6"},
	"resent-to":         {kindAddressList, false, "RFC 5322 §3.6.6"},
	"resent-cc":         {kindAddressList, false, "RFC 5322 §3.6.6"},
	"resent-bcc":        {kindAddressList, false, "RFC 5322 §3.6.6"},
	"resent-message-id": {kindMessageID, false, "RFC 5322 §3.6.6"},
	"resent-reply-to":   {kindAddressList, false, "RFC 5322 §4.5.6"},

	"return-path": {kindPath, false, "RFC 5322 §3.6.7"},
	"received":    {kindReceived, false, "RFC 5322 §3.6.7"},

	"mime-version":              {kindVersion, true, "RFC 2045 §4"},
	"content-type":              {kindMediaType, true, "RFC 2045 §5"},
	"content-transfer-encoding": {kindEncoding, true, "RFC 2045 §6"},
	"content-id":                {kindContentID, true, "RFC 2045 §7"},
	"content-description":       {kindUnstructured, true, "RFC 2045 §8"},
	"content-disposition":       {kindDisposition, true, "RFC 2183 §2"},
	"content-language":          {kindLanguages, true, "RFC 3282 §2"},
	"content-md5":               {kindMD5, true, "RFC 1864 §2"},
	"content-location":          {kindURI, true, "RFC 2557 §4.2"},
	"content-base":              {kindURI, true, "RFC 2110 §4.2"},

	"list-help":             {kindCommands, true, "RFC 2369 §3.1"},
	"list-unsubscribe":      {kindCommands, true, "RFC 2369 §3.2"},
	"list-subscribe":        {kindCommands, true, "RFC 2369 §3.3"},
	"list-post":             {kindCommands, true, "RFC 2369 §3.4"},
	"list-owner":            {kindCommands, true, "RFC 2369 §3.5"},
	"list-archive":          {kindCommands, true, "RFC 2369 §3.6"},
	"list-id":               {kindListID, true, "RFC 2919 §3"},
	"list-unsubscribe-post": {kindUnstructured, true, "RFC 8058 §3.1"},

	"auto-submitted":                   {kindAutoSubmitted, true, "RFC 3834 §5"},
	"disposition-notification-to":      {kindMailboxes, true, "RFC 8098 §2.1"},
	"disposition-notification-options": {kindNotification, true, "RFC 8098 §2.2"},
	"authentication-results":           {kindAuthResults, false, "RFC 8601 §2.2"},
}

// lookUpField returns what is known of the fields of a name.
func lookUpField(name string) (knownField, bool) {
	var low [32]byte
	if len(name) > len(low) {
		return knownField{}, false
	}
	for i := range len(name) {
		low[i] = ascii.Lower(name[i])
	}
	k, ok := knownFields[string(low[:len(name)])]
	return k, ok
}

// isStructured tells whether the value of the fields of a name may have quoted
// strings and comments (RFC 5322 §2.2.2).
func isStructured(name string) bool {
	k, _ := lookUpField(name)
	return k.kind != kindUnstructured
}
