"""What the tests of the pages share: the blocks of a page, programs in a folder of their own, and free ports."""
import pathlib
import re
import socket
import sys

sys.dont_write_bytecode = True
TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests" / "harness"))

BLOCK = re.compile(r"(?P<before>(?:<!--[^\n]*-->\n)?)^(?P<indent> *)```(?P<language>\w*)\n(?P<text>.*?)^(?P=indent)```$", re.M | re.S)
NOT_RUN = "<!-- not run by the test"


def blocks(page, *languages):
    """(language, text) of the page's blocks, in order; without those that the page says are not run."""
    for found in BLOCK.finditer((TOP / page).read_text(encoding="utf-8")):
        if found["language"] in languages and not found["before"].startswith(NOT_RUN):
            yield found["language"], re.sub(f"^{found['indent']}", "", found["text"], flags=re.M)


def video(path, size=300_000):
    """A file that begins as an MP4 does: all that the gateway and the simulator look at before TikTok's checks."""
    head = bytes.fromhex("0000001866747970") + b"mp42\0\0\0\0mp42isom"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(head + bytes(at % 251 for at in range(size - len(head))))
    return path


def free_ports(count):
    """So many different ports, free a moment ago: what a page names has to be known before the programs start."""
    held = [socket.socket() for _ in range(count)]
    try:
        for one in held:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in held]
    finally:
        for one in held:
            one.close()


class Findings:
    """What is wrong, a line each; the test's exit status."""

    def __init__(self):
        self.lines = []

    def check(self, well, what):
        if not well:
            self.lines.append(what)
        return well

    def end(self, well):
        print("\n".join(self.lines) or well)
        return 1 if self.lines else 0
