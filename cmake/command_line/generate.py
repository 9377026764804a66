#!/usr/bin/env python3
"""Makes what programs.yaml says: generate.py PROGRAMS SETTINGS VERSION FOLDER. Part of the build.

FOLDER gets for each program NAME: NAME.hpp (texts of --help), NAME.1, NAME.bash, _NAME (zsh), NAME.fish; and
tiktok-gateway.yaml.5, which is made from SETTINGS, the file that explains every setting.
"""
import pathlib
import sys

import yaml

import completion
import manual
import words

if __name__ == "__main__":
    programs_file, settings_file, version, folder = sys.argv[1:]
    programs = yaml.safe_load(pathlib.Path(programs_file).read_text(encoding="ascii"))
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    made = {"tiktok-gateway.yaml.5": manual.of_settings(pathlib.Path(settings_file).read_text(encoding="utf-8"), version)}
    for name, one in programs.items():
        made[f"{name}.hpp"] = words.header(name, one)
        made[f"{name}.1"] = manual.of_program(name, one, version)
        made[f"{name}.bash"] = completion.bash(name, one)
        made[f"_{name}"] = completion.zsh(name, one)
        made[f"{name}.fish"] = completion.fish(name, one)
    for name, text in made.items():
        (folder / name).write_text(text, encoding="utf-8")
