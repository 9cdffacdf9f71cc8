package dns

// SipHash24 is the hash of server cookies.
var SipHash24 = sipHash24
