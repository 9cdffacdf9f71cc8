"""Upper-casing server over UDP or Unix-domain datagrams.
usage: udpserver.py HOST PORT | PATH"""
import socket
import sys

if len(sys.argv) == 2:
    server = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    server.bind(sys.argv[1])
else:
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind((sys.argv[1], int(sys.argv[2])))
name = server.getsockname()
print("listening on", name if isinstance(name, str) else "%s:%d" % name, flush=True)
while True:
    message, address = server.recvfrom(2048)
    server.sendto(message.decode().upper().encode(), address)
