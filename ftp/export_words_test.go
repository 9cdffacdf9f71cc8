package ftp

// QuotedName is the name in the text of a 257.
func QuotedName(text string) (string, bool) { return quotedName(text) }

// StoredName is the name in the text of a reply to STOU.
func StoredName(text string) string { return storedName(text) }
