"""Sends lines to an upper-casing server, without their ends, waits for one
receive after each and prints it. usage: tcpclient.py HOST PORT | PATH"""
import socket
import sys

if len(sys.argv) == 2:
    client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    client.connect(sys.argv[1])
else:
    client = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    client.connect((sys.argv[1], int(sys.argv[2])))
for line in sys.stdin:
    client.send(line.rstrip("\n").encode())
    print(client.recv(1024).decode(), flush=True)
client.close()
