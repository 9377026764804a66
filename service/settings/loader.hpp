// Reads the settings: one YAML file, then the environment over it, then secrets from their files, then the
// rules that bind several keys. Called by commands/ at start; every fault is collected, none is thrown.
#pragma once
#include "settings/settings.hpp"

#include <map>
#include <string>
#include <vector>

namespace gateway::settings {

/// What is wrong, and at which key (empty: at the file itself). Never holds a secret's value.
struct fault {
    std::string key;
    std::string reason;
};

struct loaded {
    all values;
    std::vector<fault> faults;
    bool good() const { return faults.empty(); }
};

/// `TIKTOK_GATEWAY__A__B` and its value, as they stand in the process's environment.
using environment = std::map<std::string, std::string>;

/// The process's own variables that begin with TIKTOK_GATEWAY__.
environment read_environment();

/// `path` may be empty: environment only.
loaded load(const std::string& path, const environment& variables);

/// The same from text in memory, for tests.
loaded load_text(const std::string& yaml, const environment& variables);

/// The rules that bind several keys or go beyond a type (loader.cpp calls it last).
std::vector<fault> check_together(const all& values);

} // namespace gateway::settings
