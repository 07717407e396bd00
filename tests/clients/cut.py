"""A proxy that loses answers: of each first try of a create, once the service has answered it.

Usage: cut.py HOST:PORT. Prints where it listens, and a line for each answer that it loses.
"""
import socket
import sys
import threading

host, port = sys.argv[1].rsplit(":", 1)


def is_to_be_lost(head: bytes) -> bool:
    request, *headers = head.lower().split(b"\r\n")
    return request.startswith(b"post /v1/videos ") and b"x-stainless-retry-count: 0" in headers


def asking_for_the_end(head: bytes) -> bytes:
    """A connection is closed behind its first request, so that no other one goes unseen."""
    lines = head.split(b"\r\n")
    kept = [line for line in lines if not line.lower().startswith(b"connection:")]
    return b"\r\n".join([*kept, b"connection: close"])


def pump(source: socket.socket, sink: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def serve(client: socket.socket) -> None:
    request = b""
    while b"\r\n\r\n" not in request and (data := client.recv(65536)):
        request += data
    head, end, body = request.partition(b"\r\n\r\n")
    with client, socket.create_connection((host, int(port))) as service:
        service.sendall(asking_for_the_end(head) + end + body)
        threading.Thread(target=pump, args=(client, service), daemon=True).start()
        if is_to_be_lost(head):
            service.recv(1)
            # In one write, because two threads may have something to say.
            print("lost an answer\n", end="", flush=True)
            # The other thread still reads, and would keep the connection open.
            client.shutdown(socket.SHUT_RDWR)
        else:
            pump(service, client)


with socket.create_server(("127.0.0.1", 0)) as listener:
    print("listening on http://127.0.0.1:%d" % listener.getsockname()[1], flush=True)
    while True:
        threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
