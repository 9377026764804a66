"""Manual pages in the macros of man(7): of a program, and of the file that explains every setting."""
import re

from words import plain

DATE = "2026-11-30"  # of these texts; not the build's, so that two builds make the same bytes


def escaped(text):
    text = text.replace("\\", "\\e").replace("-", "\\-")
    # groff would make typographic signs of these two.
    text = text.replace("'", "\\(aq").replace("`", "\\(ga")
    return "\\&" + text if text.startswith(".") else text


def head(name, section, version, about):
    return [f'.TH {escaped(name.upper())} {section} {DATE} "tiktok\\-gateway {version}"',
            ".nh", ".SH NAME",  # names of keys and variables are not cut in two
            f"{escaped(name)} \\- {escaped(about.rstrip('.'))}"]


def listed(title, members):
    lines = [f".SH {title}"]
    for name, text in members.items():
        lines += [".TP", f".B {escaped(str(name))}", escaped(plain(text))]
    return lines


def synopsis(name, one):
    lines = [".SH SYNOPSIS"]
    usage = [f"\\-\\-{escaped(option)}" + (f" \\fI{facts['value']}\\fR" if "value" in facts else "")
             for option, facts in one["options"].items()]
    rows = ["".join(f" [{part}]" for part in usage)]
    for command, facts in one.get("commands", {}).items():
        rows.append(f" {escaped(command)}" + (f" \\fI{facts['argument']}\\fR" if "argument" in facts else ""))
    for at, row in enumerate(rows):
        lines += ([".br"] if at else []) + [f"\\fB{escaped(name)}\\fR{row}"]
    return lines


def of_program(name, one, version):
    lines = head(name, 1, version, one["about"]) + synopsis(name, one)
    lines += [".SH DESCRIPTION", escaped(plain(one["description"])), ".SH OPTIONS"]
    for option, facts in one["options"].items():
        short = f", \\-{facts['short']}" if "short" in facts else ""
        value = f" \\fI{facts['value']}\\fR" if "value" in facts else ""
        lines += [".TP", f"\\fB\\-\\-{escaped(option)}{short}\\fR{value}", escaped(plain(facts["text"]))]
    if "commands" in one:
        lines.append(".SH COMMANDS")
        for command, facts in one["commands"].items():
            value = f" \\fI{facts['argument']}\\fR" if "argument" in facts else ""
            lines += [".TP", f"\\fB{escaped(command)}\\fR{value}", escaped(plain(facts["text"]))]
    for title, key in [("ENVIRONMENT", "environment"), ("SIGNALS", "signals"), ("EXIT STATUS", "exit_statuses"),
                       ("FILES", "files")]:
        if key in one:
            lines += listed(title, one[key])
    lines += [".SH SEE ALSO", ", ".join("\\fB" + escaped(other).replace("(", "\\fR(") for other in one["see_also"])]
    return "\n".join(lines + [""])


def rows_of(text):
    """Of the explained file: (section or key with dots, default, the comment before it)."""
    path, comment, rows = [], [], []
    for line in text.split("\n"):
        found = re.match(r"^( *)#?([a-z][a-z0-9_]*):( .*|)$", line)
        remark = re.match(r"^ *# ?(.*)$", line)
        if found and not (remark and remark[1].startswith("  ")):
            depth = len(found[1]) // 2
            path = path[:depth] + [found[2]]
            rows.append((".".join(path), found[3].strip(), comment))
            comment = []
        elif remark:
            comment.append(remark[1])
        else:
            comment = [] if not line.strip() else comment
    return rows


def paragraphs(comment):
    """Prose is filled; what is indented stays as it stands (the example of a caller)."""
    lines, was_example = [], False
    for line in comment:
        is_example = bool(re.match(r"^  |^-", line))
        if is_example != was_example:
            lines.append(".EX" if is_example else ".EE")
        was_example = is_example
        if line.strip():
            lines.append(escaped(line.rstrip() if is_example else line.strip()))
    return lines + ([".EE"] if was_example else [])


def of_settings(text, version):
    opening, _, _ = text.partition("\n\n")
    name = "tiktok-gateway.yaml"
    lines = head(name, 5, version, "the settings of tiktok-gateway") + [".SH DESCRIPTION"]
    for line in opening.split("\n"):
        words = line.removeprefix("#").strip()
        lines.append(escaped(words) if words else ".PP")
    lines.append(".SH SETTINGS")
    for key, default, comment in rows_of(text[len(opening):]):
        value = f" ({escaped(default)})" if default else ""
        lines += [".TP", f"\\fB{escaped(key)}\\fR{value}"] + (paragraphs(comment) or ["\\&"])
    lines += [".SH SEE ALSO", "\\fBtiktok\\-gateway\\fR(1)"]
    return "\n".join(lines + [""])
