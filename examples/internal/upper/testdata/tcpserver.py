"""Upper-casing server over TCP or a Unix-domain socket: it answers one receive
of each client and closes. usage: tcpserver.py HOST PORT | PATH"""
import socket
import sys

if len(sys.argv) == 2:
    welcome = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    welcome.bind(sys.argv[1])
else:
    welcome = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    welcome.bind((sys.argv[1], int(sys.argv[2])))
welcome.listen(1)
name = welcome.getsockname()
print("listening on", name if isinstance(name, str) else "%s:%d" % name, flush=True)
while True:
    connection, _ = welcome.accept()
    sentence = connection.recv(1024).decode()
    connection.send(sentence.upper().encode())
    connection.close()
