// Reads one mapping of a YAML document, key by key, and refuses unknown keys. JSON is valid YAML, so the
// control listener uses the same readers. Throws settings_error.
#pragma once
#include "configure/settings.hpp"

#include <yaml-cpp/yaml.h>

#include <initializer_list>
#include <set>
#include <stdexcept>
#include <string_view>

namespace gateway::simulator {

/// A setting that cannot be used; the message names the key.
struct settings_error : std::runtime_error {
    using std::runtime_error::runtime_error;
};

class node_reader {
public:
    /// `where` is the key path so far, for messages.
    node_reader(YAML::Node node, std::string where);

    /// Each leaves `into` unchanged if the key is absent.
    void text(std::string_view key, std::string& into);
    void one_of(std::string_view key, std::string& into, std::initializer_list<std::string_view> allowed);
    void flag(std::string_view key, bool& into);
    void number(std::string_view key, std::int64_t& into, std::int64_t least = 0,
                std::int64_t most = 9'007'199'254'740'992);
    void port(std::string_view key, std::uint16_t& into);
    void texts(std::string_view key, string_list& into);
    void ports(std::string_view key, std::map<std::string, std::uint16_t>& into);

    bool has(std::string_view key) const;
    /// The mapping, or the items of the sequence, under a key; empty when absent.
    std::vector<node_reader> child(std::string_view key);
    std::vector<node_reader> items(std::string_view key);

    /// Refuses keys that were not read.
    void finish() const;

private:
    YAML::Node take(std::string_view key);
    [[noreturn]] void complain(std::string_view key, const std::string& why) const;

    YAML::Node node_;
    std::string where_;
    std::set<std::string, std::less<>> known_;
};

} // namespace gateway::simulator
