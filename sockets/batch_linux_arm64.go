package sockets

// sysSendmmsg is SYS_SENDMMSG.
const sysSendmmsg = 269
