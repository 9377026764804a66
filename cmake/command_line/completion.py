"""Completion for bash, zsh and fish. All of it is known when the program is built, so the scripts only list words."""
from words import plain


def dashed(one):
    """Each way to write an option."""
    found = []
    for name, facts in one["options"].items():
        found.append("--" + name)
        if "short" in facts:
            found.append("-" + facts["short"])
    return found


def taking_files(one):
    return ["--" + name for name, facts in one["options"].items() if facts.get("completes") == "file"]


def bash(name, one):
    function = "_" + name.replace("-", "_")
    commands = one.get("commands", {})
    lines = [f"# bash completion for {name}; made by cmake/command_line", f"{function}() {{",
             '    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} at', "    COMPREPLY=()",
             '    case "$before" in',
             f"        {'|'.join(taking_files(one))}) compopt -o filenames 2>/dev/null; "
             "mapfile -t COMPREPLY < <(compgen -f -- \"$word\"); return ;;",
             "    esac"]
    if commands:
        lines += ["    for ((at = 1; at < COMP_CWORD; at++)); do", '        case "${COMP_WORDS[at]}" in',
                  f"            {'|'.join(commands)}) return ;;", "        esac", "    done"]
    known = " ".join(dashed(one) + list(commands))
    lines += [f"    mapfile -t COMPREPLY < <(compgen -W '{known}' -- \"$word\")", "}",
              f"complete -F {function} {name}", ""]
    return "\n".join(lines)


def quoted(text):
    """Within single quotes of zsh and of its specifications."""
    return plain(text).replace("'", "'\\''").replace("[", "\\[").replace("]", "\\]").replace(":", "\\:")


def zsh(name, one):
    lines = [f"#compdef {name}", "# made by cmake/command_line", "", "_arguments \\"]
    for option, facts in one["options"].items():
        value = f":{facts['value']}:_files" if facts.get("completes") == "file" else ""
        for written in ["--" + option] + (["-" + facts["short"]] if "short" in facts else []):
            lines.append(f"    '{written}[{quoted(facts['text'])}]{value}' \\")
    commands = one.get("commands", {})
    if commands:
        listed = " ".join(f"{command}\\:\"{quoted(facts['text'])}\"" for command, facts in commands.items())
        lines.append(f"    '1:command:(({listed}))'")
    else:
        lines[-1] = lines[-1].removesuffix(" \\")
    return "\n".join(lines + [""])


def fish(name, one):
    def words(text):
        return plain(text).replace("\\", "\\\\").replace("'", "\\'")

    lines = [f"# fish completion for {name}; made by cmake/command_line", f"complete -c {name} -f"]
    for option, facts in one["options"].items():
        short = f" -s {facts['short']}" if "short" in facts else ""
        value = " -r -F" if facts.get("completes") == "file" else ""
        lines.append(f"complete -c {name} -l {option}{short}{value} -d '{words(facts['text'])}'")
    for command, facts in one.get("commands", {}).items():
        lines.append(f"complete -c {name} -n __fish_use_subcommand -a {command} -d '{words(facts['text'])}'")
    return "\n".join(lines + [""])
