"""Keep-alive clients in one thread: each sends the next request after its answer, until a given number is done."""
import re
import select
import socket

LENGTH = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")


def request_of(method, path, key=None, body="", fields=()):
    """The bytes of one request."""
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost"]
    if key:
        lines.append(f"Authorization: Bearer {key}")
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in fields]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


def answer_size(data):
    """The size of the answer at the start of data; 0 while it is unknown."""
    end = data.find(b"\r\n\r\n")
    if end < 0:
        return 0
    length = LENGTH.search(data, 0, end + 2)
    if length is None:
        raise RuntimeError(f"an answer without a length: {bytes(data[:200])!r}")
    return end + 4 + int(length[1])


class Clients:
    """`count` connections to an address like http://127.0.0.1:80, open until close()."""

    def __init__(self, base, count):
        host, port = base.split("//")[1].split(":")
        self.poll = select.epoll()
        self.sockets, self.received = {}, {}
        for _ in range(count):
            one = socket.create_connection((host, int(port)), 60)
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.sockets[one.fileno()] = one
            self.received[one.fileno()] = bytearray()
            self.poll.register(one.fileno(), select.EPOLLIN)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        for one in self.sockets.values():
            one.close()
        self.poll.close()

    def ask(self, requests):
        """Sends each of `requests`, one at a time per connection; every answer must be a 2xx. How many there were."""
        requests = iter(requests)
        waiting, done = 0, 0
        for one in self.sockets.values():
            waiting += self.send_next(one, requests)
        while waiting:
            events = self.poll.poll(60)
            if not events:
                raise RuntimeError(f"{waiting} answers did not come within a minute")
            for number, _ in events:
                if self.take(number):
                    done += 1
                    waiting -= 1
                    waiting += self.send_next(self.sockets[number], requests)
        return done

    def send_next(self, one, requests):
        request = next(requests, None)
        if request is None:
            return 0
        one.sendall(request)
        return 1

    def take(self, number):
        """Whether the answer is complete now."""
        data = self.received[number]
        piece = self.sockets[number].recv(65536)
        if not piece:
            raise RuntimeError(f"closed before the answer: {bytes(data[:200])!r}")
        data += piece
        size = answer_size(data)
        if not size or len(data) < size:
            return False
        if data[9:10] != b"2":
            raise RuntimeError(f"a bad answer: {bytes(data[:400])!r}")
        del data[:size]
        return True
