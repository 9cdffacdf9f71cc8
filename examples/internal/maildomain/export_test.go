package maildomain

// ReadHead is readHead.
var ReadHead = readHead
