"""Searches for secrets in the output and the files of a gateway (docs/promises.md G03), in the forms that
tests/harness/secret_search.cpp looks for. Run by itself it shows that each form is found."""
import base64
import re
import sys
import urllib.parse

from peers import ask


def base64_cores(secret):
    """What stays the same of its base64 whatever stands before and after it: one text for each alignment."""
    for shift in range(3):
        core = base64.b64encode(bytes(shift) + secret)[0 if shift == 0 else 4:-4]
        yield "base64", core
        yield "base64url", core.translate(bytes.maketrans(b"+/", b"-_"))


def forms_of(secret):
    encoded = urllib.parse.quote(secret, safe="").encode()
    small = re.sub(rb"%..", lambda found: found.group().lower(), encoded)
    yield from [("plain", secret), ("hex", secret.hex().encode()), ("hex", secret.hex().upper().encode()),
                ("URL-encoded", encoded), ("URL-encoded", small), *base64_cores(secret)]
    if len(secret) >= 16:
        yield "first 8 bytes", secret[:8]


def find(text, secrets):
    """Which form of which secret `text` holds, by the secret's last four characters only."""
    return sorted({f"…{secret[-4:].decode(errors='replace')} ({name})" for secret in secrets if len(secret) >= 8
                   for name, form in forms_of(secret) if form and form in text})


def known_secrets(folder, key, control, more):
    """Those of the operator, of the caller, and what TikTok handed out or was sent."""
    told = ask("GET", f"{control}/history/secrets").json
    if not told.get("verifiers") or not told.get("access_tokens"):
        raise RuntimeError(f"the simulator knows of no login, so there is nothing to search for: {list(told)}")
    texts = [key, (folder / "client.secret").read_text(), *more, *(text for kind in told.values() for text in kind)]
    ring = (folder / "vault.keys").read_text().split()
    return {text.encode() for text in texts} | {base64.b64decode(line.split(":", 1)[1]) for line in ring}


def kept_files(folder):
    """The gateway's log and errors, its settings, the database with its log, and the staged files."""
    return [file for pattern in ("gateway.*", "files/**/*") for file in folder.glob(pattern) if file.is_file()]


def seen_in_files(folder, secrets):
    return {f"a secret was seen: {one} in {file.name}" for file in kept_files(folder)
            for one in find(file.read_bytes(), secrets)}


def secrets_seen(folder, gateway, program, control, more=()):
    """One line for each secret in the gateway's answers, logs and files; ends the gateway, so that its output is complete.
    `more`: secrets that only the caller has."""
    gateway.hear("GET", f"{program.listening['admin']}/metrics")
    secrets = known_secrets(folder, gateway.key, control, more)
    answers = "".join(gateway.heard).encode()
    found = {f"a secret was seen: {one} in an answer" for one in find(answers, secrets)}
    # A login's state is for the answer to connect, whose URL it is part of, and for nothing else.
    secrets |= set(re.findall(rb"&state=([\w-]{43})", answers))
    # Twice: the database's log, which remembers every version of a page, goes when the gateway does.
    found |= seen_in_files(folder, secrets)
    program.stop()
    return sorted(found | seen_in_files(folder, secrets))


def self_test():
    planted = b"act.Xy7/Qw+er==Zz!0123456789abcdef"
    quoted = urllib.parse.quote(planted, safe="")
    said = [b"x" + planted + b"y", planted.hex().encode(), planted.hex().upper().encode(), quoted.encode(), planted[:8],
            quoted.replace("%2F", "%2f").replace("%2B", "%2b").replace("%3D", "%3d").encode()]
    for before in (b"", b"a", b"ab", b"abc"):
        said += [base64.b64encode(before + planted + b"after"), base64.urlsafe_b64encode(before + planted + b"after")]
    missed = [text for text in said if not find(text, {planted})]
    if find(b"nothing here", {planted}) or any(planted[:8].decode() in line for text in said for line in find(text, {planted})):
        missed.append("it finds what is not there, or tells more than the end of a secret")
    print("\n".join(map(str, missed)) or "each form of a secret is found")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(self_test())
