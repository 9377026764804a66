"""Settings, keys and calls of a gateway under measurement."""
import http.client
import json
import subprocess

RAISED = 10_000_000
WINDOWS = ("user_info", "video_list", "video_query", "creator_info", "video_init", "inbox_init", "content_init",
           "status_fetch", "cancel")


def new_key(gateway):
    """A caller's key and its hash for the settings."""
    lines = subprocess.run([gateway, "new-key", "bench"], check=True, capture_output=True, text=True).stdout
    said = dict(line.split(": ", 1) for line in lines.splitlines())
    return said["key"], said["key_sha256"]


def vault_keys(run, gateway):
    """One key for all starts in this folder, so that a vault can be opened again."""
    keys = run / "vault.keys"
    if not keys.exists():
        said = subprocess.run([gateway, "new-vault-key"], check=True, capture_output=True, text=True).stdout
        keys.write_text(said)
        keys.chmod(0o600)
    return keys


def write(run, gateway, api_url, ca_file, workers, key_sha256, upload_host="", database="gateway"):
    """Everything on, TikTok's windows out of the way, room for many idle connections, an end without a delay."""
    windows = "\n".join(f"    {name}_per_minute: {RAISED}" for name in WINDOWS)
    path = run / f"{database}.yaml"
    path.write_text(f"""listen: {{port: 0, connections_max: 20000, idle_timeout_ms: 600000}}
admin: {{port: 0}}
workers: {workers}
tiktok:
  api_url: {api_url}
  ca_file: {ca_file}
  client_key: demo-client-key
  client_secret: demo-client-secret
  upload_hosts: [{upload_host}]
store: {{url: 'sqlite:{run}/{database}.db'}}
vault: {{keys_file: '{vault_keys(run, gateway)}'}}
files: {{directory: '{run}/{database}-files'}}
drain: {{delay_ms: 0, deadline_ms: 2000}}
callers:
  - {{name: bench, key_sha256: {key_sha256}, requests_per_minute: {RAISED}}}
limits:
  tiktok:
{windows}
""")
    return path


def call(base, method, path, key, body=None, headers=()):
    """One call that must succeed; the envelope."""
    connection = http.client.HTTPConnection(base.split("//")[1], timeout=60)
    fields = {"Authorization": f"Bearer {key}", **dict(headers)}
    if body is not None:
        fields.setdefault("Content-Type", "application/json")
    connection.request(method, path, body=body, headers=fields)
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    if answer.status != 200:
        raise RuntimeError(f"{method} {path}: {answer.status} {text[:300]!r}")
    return json.loads(text)
