#!/usr/bin/env python3
"""An open loop: requests leave at planned moments, whatever has become of those before them.

An answer's time counts from the planned moment, so a stall is seen by all requests that were due in it. A program of
its own, so that it can have a core of its own. One line of JSON at the end.
usage: open_loop.py BASE CLIENTS RATE_PER_S SECS < REQUEST
"""
import json
import select
import sys
import time
from collections import deque

from clients import Clients

ANSWER_S_MAX = 10


class OpenLoop(Clients):
    def __init__(self, base, count, request):
        super().__init__(base, count)
        self.request = request
        self.free = deque(self.sockets)
        self.planned = {}  # by connection: when its request was due
        self.due = deque()  # of requests for which no connection was free
        self.latencies = []

    def run(self, rate, secs):
        begin = time.perf_counter()
        count, number = int(rate * secs), 0
        while len(self.latencies) < count:
            now = time.perf_counter()
            while number < count and begin + number / rate <= now:
                self.due.append(begin + number / rate)
                number += 1
            self.send_due()
            wait = begin + number / rate - time.perf_counter() if number < count else ANSWER_S_MAX
            self.receive(max(0, wait))
            if time.perf_counter() > begin + secs + ANSWER_S_MAX:
                raise RuntimeError(f"far behind the plan of {rate:.0f} a second")

    def send_due(self):
        while self.due and self.free:
            number = self.free.popleft()
            self.planned[number] = self.due.popleft()
            self.sockets[number].send(self.request)

    def receive(self, wait):
        # epoll's own wait takes whole milliseconds. Looking again and again instead would take the core from the stub.
        select.select([self.poll], [], [], wait)
        for number, _ in self.poll.poll(0):
            if self.take(number):
                self.latencies.append(time.perf_counter() - self.planned.pop(number))
                self.free.append(number)


def percentile_us(sorted_s, share):
    return sorted_s[min(len(sorted_s) - 1, int(len(sorted_s) * share))] * 1e6


def main():
    base, clients, rate, secs = sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4])
    with OpenLoop(base, clients, sys.stdin.buffer.read()) as loop:
        loop.run(rate, min(0.3, secs))  # pools fill, pages fault
        before = len(loop.latencies)
        loop.latencies.clear()
        cpu, began = time.process_time(), time.perf_counter()
        loop.run(rate, secs)
        took = time.perf_counter() - began
        found = sorted(loop.latencies)
        print(json.dumps({"requests": len(found), "sent": before + len(found), "rate": len(found) / took,
                          "core": (time.process_time() - cpu) / took,
                          **{f"p{share * 100:g}_us": percentile_us(found, share) for share in (0.5, 0.9, 0.99)}}))


if __name__ == "__main__":
    main()
