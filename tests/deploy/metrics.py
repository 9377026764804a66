"""The metrics that operators may rely on, and what asks for them: the dashboard and the alert rules."""
import json
import re
import subprocess

from files import DEPLOY, check, documents

# What operators may rely on. Histograms are asked for by _bucket, _sum and _count.
METRICS = {
    "requests_total": {"action", "status"}, "request_duration_seconds": {"action"}, "requests_in_flight": set(),
    "upstream_requests_total": {"endpoint", "code"}, "upstream_duration_seconds": {"endpoint"},
    "upstream_connections": {"state"}, "rate_limited_total": {"limit_scope", "endpoint"},
    "token_refreshes_total": {"result"}, "token_refresh_duration_seconds": set(), "connections": {"state"},
    "uploads_in_flight": set(), "upload_bytes_total": {"direction"}, "posts_total": {"outcome"},
    "idempotent_replays_total": set(), "undurable_answers_total": set(),
    "vault_operations_total": {"operation", "result"},
    "event_loop_lag_seconds": set(), "build_info": {"version"}, "settings_reloads_total": {"result"},
    "logins_total": {"result"}, "app_refused": set(), "ready": set(), "certificate_expires_timestamp_seconds": set(),
    "client_connections": set(), "log_lines_dropped_total": set(),
    "store_has_no_room": set(), "store_late_writes": set(), "store_late_writes_lost_total": set(), "store_overdue_rows": {"table"},
    "staged_files_damaged_total": set(), "vault_key_uses": set(), "vault_spooled_pairs": set(),
    "oldest_open_post_seconds": set(), "posts_settled_total": {"by"}, "post_waiters": set(),
    "webhooks_out_total": {"event", "result"}, "webhooks_oldest_undelivered_seconds": set(),
}
# Told only where the API listener has TLS.
ONLY_WITH_TLS = {"certificate_expires_timestamp_seconds"}
# Told by each replica about the whole store: a sum over replicas would count a user twice.
OF_THE_WHOLE_STORE = {"connections", "store_overdue_rows", "oldest_open_post_seconds", "webhooks_oldest_undelivered_seconds"}
# What the dashboard leaves out, each with its reason.
NOT_ON_THE_DASHBOARD = {}


def rules():
    for group in documents("prometheus/rules.yaml")[0]["groups"]:
        for rule in group["rules"]:
            yield rule["alert"], rule["expr"]


def panels():
    """Each query of the dashboard, with its panel's title."""
    board = json.loads((DEPLOY / "grafana/dashboard.json").read_text())
    for panel in board["panels"]:
        for target in panel.get("targets", []):
            yield panel["title"], target["expr"]


def expressions():
    yield from rules()
    yield from panels()


def names_in(text):
    """The metrics that a query asks for, each with the labels it uses."""
    for name, labels in re.findall(r"tiktok_gateway_(\w+)(?:\{([^}]*)\})?", text):
        yield name if name in METRICS else re.sub(r"_(bucket|sum|count)$", "", name), labels


def check_metrics():
    for where, text in expressions():
        for name, labels in names_in(text):
            check(name in METRICS, f"{where}: there is no metric {name}")
            used = set(re.findall(r"(\w+)\s*(?:=|!)", labels)) - {"instance", "job"}
            check(used <= METRICS.get(name, set()), f"{where}: {name} has no labels {used}")
            if name in OF_THE_WHOLE_STORE:
                check("sum" not in text and re.search(r"\bmax\b", text), f"{where}: {name} is not taken as the maximum over replicas")
            elif name.endswith("_total"):
                check("sum" in text, f"{where}: {name} is counted by each replica and not added up")
    shown = {name for _, text in panels() for name, _ in names_in(text)}
    for name in METRICS.keys() - shown - NOT_ON_THE_DASHBOARD.keys():
        check(False, f"the dashboard does not show {name}, and no reason is given in NOT_ON_THE_DASHBOARD")


def check_board():
    """Panels lie in the grid of 24 columns, none upon another; ids and titles are each panel's own."""
    board = json.loads((DEPLOY / "grafana/dashboard.json").read_text())["panels"]
    taken = {}
    for panel in board:
        at = panel["gridPos"]
        for cell in ((x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])):
            check(cell[0] < 24 and cell not in taken, f"{panel['title']} lies on {taken.get(cell, 'no column')}")
            taken[cell] = panel["title"]
    for what in ("id", "title"):
        check(len({panel[what] for panel in board}) == len(board), f"two panels have the same {what}")


def check_rules():
    for command in (["check", "rules", "rules.yaml"], ["test", "rules", "rules_test.yaml"]):
        done = subprocess.run(["promtool", *command], cwd=DEPLOY / "prometheus", capture_output=True, text=True, timeout=60)
        check(done.returncode == 0, f"promtool {' '.join(command)}: {done.stdout}{done.stderr}")
    tested = (DEPLOY / "prometheus/rules_test.yaml").read_text()
    for rule in documents("prometheus/rules.yaml")[0]["groups"][0]["rules"]:
        check(f"alertname: {rule['alert']}" in tested, f"{rule['alert']} has no test")


def check_watching():
    check_metrics()
    check_board()
    check_rules()
