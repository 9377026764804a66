// Reads the settings: one YAML file, then the environment over it, then secrets from their files, then the
// rules about several keys. Called at start; all faults are collected, none is thrown.
#pragma once
#include "settings/settings.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace gateway::settings {

/// What is wrong, and with which key (empty: with the file itself). Never contains a secret.
struct fault {
    std::string key;
    std::string reason;
    std::string source = {}; // where the value came from; empty where none was given
};
/// `listen.port: must be … (environment variable TIKTOK_GATEWAY__LISTEN__PORT)`
std::string text_of(const fault& one);

/// Whether the fault is about this key, one of its entries, or the file of its secret.
bool is_about(const fault& one, std::string_view key);
/// Whether one of the faults is: then its value is not the one that was meant.
bool is_wrong(std::string_view key, const std::vector<fault>& faults);

struct loaded {
    all values;
    std::vector<fault> faults;
    /// What is told and does not refuse: a file with a secret that others may read or change. Containers are
    /// often given such files (a secret of Compose, a volume of Kubernetes without defaultMode) where no
    /// other user is; the key ring alone is refused.
    std::vector<fault> remarks = {};
    bool good() const { return faults.empty(); }
};

/// `TIKTOK_GATEWAY__A__B` and its value, as in the process's environment.
using environment = std::map<std::string, std::string>;

/// The process's own variables that begin with TIKTOK_GATEWAY_; those with one underscore, which are remarked
/// and not read, without their values. Secrets among them are wiped from the process's environment, so call
/// it once, by main(), before there is another thread.
environment take_environment();

/// Of TIKTOK_GATEWAY_FAILPOINT (base/failpoint.hpp), for the fault tests: once, by main(), before anything
/// else. Throws std::runtime_error if it is set and not valid, so that a test cannot run without its
/// failpoint.
void arm_failpoint_of_environment();

/// `path` may be empty: environment only.
loaded load(const std::string& path, const environment& variables);

/// The same from a text in memory; `file` is its name in messages.
loaded load_text(const std::string& yaml, const environment& variables, const std::string& file = "settings");

/// The source of the value of a key, or of the entry that `callers[2].users` is in; empty for a default.
std::string source_of(const all& values, std::string_view key);
/// What is wrong with a value that was read, in the format of text_of().
std::string text_about(const all& values, const std::string& key, const std::string& reason);

/// Why this cannot be the name of a caller; empty if it can.
std::string why_no_caller_name(const std::string& name);

/// Checks the rules about several keys, or beyond the type of a value (loader.cpp calls it last).
std::vector<fault> check_together(const all& values);

} // namespace gateway::settings
