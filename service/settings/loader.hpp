// Reads the settings: one YAML file, then the environment over it, then secrets from their files, then the
// rules that bind several keys. Called by commands/ at start; every fault is collected, none is thrown.
#pragma once
#include "settings/settings.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace gateway::settings {

/// What is wrong, and at which key (empty: at the file itself). Never holds a secret's value.
struct fault {
    std::string key;
    std::string reason;
    std::string source = {}; // where the value came from; empty where none was given
};
/// `listen.port: must be … (environment variable TIKTOK_GATEWAY__LISTEN__PORT)`
std::string text_of(const fault& one);

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

/// The same from text in memory; `file` is what messages call it.
loaded load_text(const std::string& yaml, const environment& variables, const std::string& file = "settings");

/// Where the value of a key, or of an entry of it, came from; empty: it is the default.
std::string source_of(const all& values, std::string_view key);
/// What is wrong with a value that was read, in the words of text_of().
std::string text_about(const all& values, const std::string& key, const std::string& reason);

/// The rules that bind several keys or go beyond a type (loader.cpp calls it last).
std::vector<fault> check_together(const all& values);

} // namespace gateway::settings
