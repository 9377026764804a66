#include "configure/node_reader.hpp"

namespace gateway::simulator {

namespace {

std::string under(const std::string& where, std::string_view key) {
    return where.empty() ? std::string(key) : where + "." + std::string(key);
}

} // namespace

node_reader::node_reader(YAML::Node node, std::string where)
    : node_(std::move(node)), where_(std::move(where)) {
    if (!node_.IsMap() && !node_.IsNull()) {
        throw settings_error((where_.empty() ? "the settings" : where_) + " must be a mapping");
    }
}

void node_reader::complain(std::string_view key, const std::string& why) const {
    throw settings_error(under(where_, key) + ": " + why);
}

bool node_reader::has(std::string_view key) const {
    return node_.IsMap() && node_[std::string(key)].IsDefined();
}

YAML::Node node_reader::take(std::string_view key) {
    known_.emplace(key);
    return has(key) ? node_[std::string(key)] : YAML::Node(YAML::NodeType::Undefined);
}

void node_reader::text(std::string_view key, std::string& into) {
    const YAML::Node found = take(key);
    if (!found.IsDefined()) return;
    if (found.IsNull()) {
        into.clear();
        return;
    }
    if (!found.IsScalar()) complain(key, "must be a text");
    into = found.Scalar();
}

void node_reader::one_of(std::string_view key, std::string& into,
                         std::initializer_list<std::string_view> allowed) {
    if (!has(key)) {
        known_.emplace(key);
        return;
    }
    std::string wanted;
    text(key, wanted);
    std::string names;
    for (const std::string_view one : allowed) {
        if (one == wanted) {
            into = wanted;
            return;
        }
        names += (names.empty() ? "" : ", ") + std::string(one);
    }
    complain(key, "must be one of " + names);
}

void node_reader::flag(std::string_view key, bool& into) {
    const YAML::Node found = take(key);
    if (!found.IsDefined()) return;
    if (!YAML::convert<bool>::decode(found, into)) complain(key, "must be true or false");
}

void node_reader::number(std::string_view key, std::int64_t& into, std::int64_t least, std::int64_t most) {
    const YAML::Node found = take(key);
    if (!found.IsDefined()) return;
    std::int64_t value = 0;
    if (!YAML::convert<std::int64_t>::decode(found, value)) complain(key, "must be a whole number");
    if (value < least || value > most) {
        complain(key, "must be within " + std::to_string(least) + " and " + std::to_string(most));
    }
    into = value;
}

void node_reader::port(std::string_view key, std::uint16_t& into) {
    std::int64_t value = into;
    number(key, value, 0, 65'535);
    into = static_cast<std::uint16_t>(value);
}

void node_reader::texts(std::string_view key, string_list& into) {
    const YAML::Node found = take(key);
    if (!found.IsDefined()) return;
    if (!found.IsSequence()) complain(key, "must be a list of texts");
    string_list all;
    for (const YAML::Node& one : found) {
        if (!one.IsScalar()) complain(key, "must be a list of texts");
        all.push_back(one.Scalar());
    }
    into = std::move(all);
}

void node_reader::ports(std::string_view key, std::map<std::string, std::uint16_t>& into) {
    for (node_reader& names : child(key)) {
        for (const auto& entry : names.node_) {
            const std::string name = entry.first.Scalar();
            names.port(name, into[name]);
        }
    }
}

std::vector<node_reader> node_reader::child(std::string_view key) {
    const YAML::Node found = take(key);
    std::vector<node_reader> one;
    if (found.IsDefined()) one.emplace_back(found, under(where_, key));
    return one;
}

std::vector<node_reader> node_reader::items(std::string_view key) {
    const YAML::Node found = take(key);
    std::vector<node_reader> all;
    if (!found.IsDefined()) return all;
    if (!found.IsSequence()) complain(key, "must be a list");
    for (const YAML::Node& one : found) {
        all.emplace_back(one, under(where_, key) + "[" + std::to_string(all.size()) + "]");
    }
    return all;
}

void node_reader::finish() const {
    if (!node_.IsMap()) return;
    for (const auto& entry : node_) {
        const std::string key = entry.first.Scalar();
        if (!known_.contains(key)) complain(key, "is not a setting of the simulator");
    }
}

} // namespace gateway::simulator
