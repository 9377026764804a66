"""A PostgreSQL of one's own on loopback, as tests/harness/postgresql_server.hpp has it for the tests in C++."""
import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time


def programs():
    versions = [one for one in pathlib.Path("/usr/lib/postgresql").glob("*/bin") if (one / "postgres").exists()]
    if not versions:
        raise RuntimeError("PostgreSQL is not installed: ./dev setup")
    return max(versions)


class Server:
    """Runs as the user postgres where we are root, which PostgreSQL does not want to be."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="gateway-postgresql-"))
        self.as_its_user = []
        if os.geteuid() == 0:
            user = pwd.getpwnam("postgres")
            os.chown(self.folder, user.pw_uid, user.pw_gid)
            self.as_its_user = ["setpriv", "--reuid", "postgres", "--regid", "postgres", "--init-groups"]
        # Bound, never listening: nobody else is given the port, and PostgreSQL may listen on it.
        self.held = socket.socket()
        self.held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.held.bind(("127.0.0.1", 0))
        self.port = self.held.getsockname()[1]
        self.url = f"postgresql://postgres@127.0.0.1:{self.port}/postgres"
        self.process = None

    def __enter__(self):
        try:
            self.run("initdb", "-D", f"{self.folder}/data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C",
                     "--no-sync", "--no-instructions")
            with open(self.folder / "log", "w") as log:
                self.process = subprocess.Popen(
                    [*self.as_its_user, programs() / "postgres", "-D", f"{self.folder}/data", "-p", str(self.port), "-k",
                     self.folder, "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"], stdout=log, stderr=log, cwd=self.folder)
            until = time.monotonic() + 30
            while "ready to accept connections" not in (self.folder / "log").read_text():
                if time.monotonic() > until or self.process.poll() is not None:
                    raise RuntimeError(f"PostgreSQL: {(self.folder / 'log').read_text()}")
                time.sleep(0.1)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.process:
            self.process.send_signal(signal.SIGINT)  # ends its clients, too
            try:
                self.process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.held.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def run(self, program, *arguments):
        done = subprocess.run([*self.as_its_user, programs() / program, *arguments], capture_output=True, text=True, timeout=120,
                              cwd=self.folder)
        if done.returncode != 0:
            raise RuntimeError(f"{program}: {done.stderr}")
