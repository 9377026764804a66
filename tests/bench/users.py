"""Users of the gateway by the hundred thousand, each connected by PUT /v1/users/{id}/tokens."""
import json
import time

from clients import Clients, request_of

# As many as the store takes into one commit and more; each waits for its own to be durable.
CONNECTIONS = 256
# Numbers from here on are of users that are not made by the hundred thousand.
OTHERS = 9_000_000
SCOPES = "user.info.basic,user.info.profile,user.info.stats,video.list,video.upload,video.publish"


def name_of(number):
    return f"user-{number:07d}"


def tokens(number=0):
    """Tokens of the size TikTok's have, different for each user."""
    return json.dumps({"access_token": f"act.bench{number:07d}Example12345Example12345Example12345Example",
                       "expires_in": 86400,
                       "refresh_token": f"rft.bench{number:07d}Example12345Example12345Example12345Example",
                       "refresh_expires_in": 31536000, "open_id": f"723f24d7-e717-40f8-a2b6-{number:012d}",
                       "scope": SCOPES, "token_type": "Bearer"})


def connect_range(base, key, first, last, connections=CONNECTIONS):
    """Users first to last - 1; how long it took."""
    began = time.monotonic()
    requests = (request_of("PUT", f"/v1/users/{name_of(n)}/tokens", key, tokens(n)) for n in range(first, last))
    with Clients(base, min(connections, last - first)) as clients:
        clients.ask(requests)
    return time.monotonic() - began


def connect(base, key, count):
    """Makes users 0 to count - 1; gives the cost as a text for the reader."""
    seconds = connect_range(base, key, 0, count)
    return f"{count:,} users connected in {seconds:.1f} s ({count / max(seconds, 1e-9):,.0f} a second)"
