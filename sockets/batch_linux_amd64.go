package sockets

// sysSendmmsg is SYS_SENDMMSG, which package syscall lacks here.
const sysSendmmsg = 307
