"""The texts of --help as a C++ header: one for each option and command, and what stands below them."""
import json
import textwrap

WIDTH = 100


def plain(text):
    return " ".join(str(text).split())


def block(title, members):
    """`TITLE:` and each member with its text behind it, or below it if its name is long."""
    lines = [f"{title}:"]
    for name, text in members.items():
        name = str(name)
        wrapped = textwrap.wrap(plain(text), WIDTH - 20, break_on_hyphens=False)
        if len(name) > 17:
            lines.append("  " + name)
        else:
            lines.append(f"  {name:<18}" + wrapped.pop(0))
        lines += [" " * 20 + line for line in wrapped]
    return "\n".join(lines)


def footer(one):
    parts = [("Environment", "environment"), ("Signals", "signals"), ("Exit statuses", "exit_statuses"), ("Files", "files")]
    text = "\n\n".join(block(title, one[key]) for title, key in parts if key in one)
    return text + "\n\nSee also: " + ", ".join(one["see_also"])


def header(name, one):
    variables = {"about": one["about"], "footer": footer(one)}
    for option, facts in one["options"].items():
        variables["option_" + option.replace("-", "_")] = plain(facts["text"])
    for command, facts in one.get("commands", {}).items():
        variables["command_" + command.replace("-", "_")] = plain(facts["text"])
        if "argument" in facts:
            variables[f"argument_of_{command.replace('-', '_')}"] = plain(facts["argument_text"])
    lines = [f"// Made by cmake/command_line/generate.py from programs.yaml: the words of {name} --help.", "#pragma once",
             "", "namespace command_line {", ""]
    lines += [f"inline constexpr const char* {variable} = {json.dumps(text)};" for variable, text in variables.items()]
    return "\n".join(lines + ["", "} // namespace command_line", ""])
