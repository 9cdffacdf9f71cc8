package ftp

// What a server makes of a transfer that failed.
var (
	ErrTransferAborted = errAborted
	ErrTransferNoData  = errNoDataConn
	ErrTransferTLS     = errDataTLS
	ErrTransferPeer    = errPeer
)
