"""Settings, keys and calls of a gateway under measurement."""
import http.client
import json
import subprocess

RAISED = 10_000_000
WINDOWS = ("user_info", "video_list", "video_query", "creator_info", "video_init", "inbox_init", "content_init",
           "status_fetch", "cancel")


def new_key(gateway):
    """A caller's key and the hash the settings want."""
    lines = subprocess.run([gateway, "new-key", "bench"], check=True, capture_output=True, text=True).stdout
    said = dict(line.split(": ", 1) for line in lines.splitlines())
    return said["key"], said["key_sha256"]


def write(run, gateway, api_url, ca_file, workers, key_sha256, more_of_tiktok=""):
    """Everything on, TikTok's windows out of the way."""
    keys = run / "vault.keys"
    keys.write_text(subprocess.run([gateway, "new-vault-key"], check=True, capture_output=True, text=True).stdout)
    keys.chmod(0o600)
    windows = "\n".join(f"    {name}_per_minute: {RAISED}" for name in WINDOWS)
    path = run / "gateway.yaml"
    path.write_text(f"""listen: {{port: 0}}
admin: {{port: 0}}
workers: {workers}
tiktok:
  api_url: {api_url}
  ca_file: {ca_file}
  client_key: demo-client-key
  client_secret: demo-client-secret
  {more_of_tiktok}
store: {{url: 'sqlite:{run}/gateway.db'}}
vault: {{keys_file: '{keys}'}}
files: {{directory: '{run}/files'}}
callers:
  - {{name: bench, key_sha256: {key_sha256}, requests_per_minute: {RAISED}}}
limits:
  tiktok:
{windows}
""")
    return path


def call(base, method, path, key, body=None):
    """One call that must succeed; the envelope."""
    connection = http.client.HTTPConnection(base.split("//")[1], timeout=60)
    headers = {"Authorization": f"Bearer {key}"}
    if body is not None:
        headers["Content-Type"] = "application/json"
    connection.request(method, path, body=body, headers=headers)
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    if answer.status != 200:
        raise RuntimeError(f"{method} {path}: {answer.status} {text[:300]!r}")
    return json.loads(text)
