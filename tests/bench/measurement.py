"""What all measurements have in common: their arguments, a row of the table they end with, being run alone."""
import argparse
import json
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


@dataclass
class Row:
    """One line of the table. `reached` is None where there is no goal, or nothing was measured."""
    what: str
    goal: str
    measured: str
    reached: bool | None
    figures: dict = field(default_factory=dict)


def at_most(what, bound, value, words, figures=None, goal=None):
    """A row whose goal is a value of at most `bound`."""
    return Row(what, goal or f"<= {bound:g}", words, value <= bound, {"value": value, "goal": bound, **(figures or {})})


def arguments(description):
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="short rounds and few users: a look, not a figure")
    parser.add_argument("--gateway", type=Path, default=ROOT / "build/release/tiktok-gateway")
    parser.add_argument("--rounds", type=int, help="interleaved rounds (5; quick 2)")
    parser.add_argument("--secs", type=int, help="of one run of load (3; quick 1)")
    parser.add_argument("--clients", default="64,256", help="keep-alive clients, with commas")
    parser.add_argument("--users", type=int, help="users in the vault while CPU is measured (100000; quick 1000)")
    parser.add_argument("--vault-users", type=int, help="users in the large vault (1000000; quick 10000)")
    parser.add_argument("--idle", type=int, help="idle connections (10000; quick 2000)")
    parser.add_argument("--mib", type=int, help="size of the upload (1024; quick 256)")
    parser.add_argument("--count", type=int, help="requests whose instructions and system calls are counted (2000; quick 500)")
    parser.add_argument("--json", type=Path, help="write the rows and their figures here")
    return parser


def settled(parser, argv=None):
    """The options, with what --quick makes of those that were not given."""
    options = parser.parse_args(argv)
    usual = {"rounds": (5, 2, 50), "secs": (3, 1, 60), "users": (100_000, 1_000, 9_000_000),
             "vault_users": (1_000_000, 10_000, 9_000_000), "idle": (10_000, 2_000, 15_000), "mib": (1024, 256, 4096),
             "count": (2_000, 500, 100_000)}
    for name, (full, quick, bound) in usual.items():
        if getattr(options, name) is None:
            setattr(options, name, quick if options.quick else full)
        if not 1 <= getattr(options, name) <= bound:
            parser.error(f"--{name.replace('_', '-')}: 1 to {bound}")
    if not options.gateway.is_file():
        parser.error(f"--gateway: there is no {options.gateway}")
    return options


def show(rows):
    widths = [max(len(text) for text in column) for column in zip(
        ("what", "goal", "measured"), *((row.what, row.goal, row.measured) for row in rows))]
    line = lambda cells, end: "  ".join(cell.ljust(width) for cell, width in zip(cells, widths)) + "  " + end  # noqa: E731
    print("\n" + line(("what", "goal", "measured"), "reached"))
    for row in rows:
        print(line((row.what, row.goal, row.measured), {True: "yes", False: "NO", None: "-"}[row.reached]))


def write_markdown(path, rows):
    """The table for a README."""
    cells = [(row.what, row.goal, row.measured, {True: "yes", False: "no", None: ""}[row.reached]) for row in rows]
    lines = ["| what | goal | measured | reached |", "|---|---|---|---|"] + ["| " + " | ".join(row) + " |" for row in cells]
    path.write_text("\n".join(lines).replace("<=", "≤") + "\n")


def write_json(path, rows, more=None):
    path.write_text(json.dumps({**(more or {}), "rows": [asdict(row) for row in rows]}, indent=1) + "\n")


def alone(measure, description):
    """main() of a measurement that is run by itself."""
    options = settled(arguments(description))
    began = time.monotonic()
    rows = measure(options)
    show(rows)
    print(f"took {time.monotonic() - began:.0f} s")
    if options.json:
        write_json(options.json, rows)
    return 0
