#include "tiktok/scopes.hpp"

#include <algorithm>
#include <array>

namespace gateway::tiktok {
namespace {

constexpr std::array<scope, 6> known{{
    {"user.info.basic", "see your name and avatar"},
    {"user.info.profile", "see your profile text and link"},
    {"user.info.stats", "see your follower, like and video counts"},
    {"video.list", "see your public videos"},
    {"video.upload", "send drafts to your inbox"},
    {"video.publish", "post for you"},
}};

} // namespace

std::span<const scope> known_scopes() {
    return known;
}

const scope* find_scope(std::string_view name) {
    const auto found =
        std::find_if(known.begin(), known.end(), [name](const scope& one) { return one.name == name; });
    return found == known.end() ? nullptr : &*found;
}

std::vector<std::string> unknown_scopes(std::span<const std::string> names) {
    std::vector<std::string> out;
    for (const auto& name : names)
        if (!find_scope(name) && std::find(out.begin(), out.end(), name) == out.end()) out.push_back(name);
    return out;
}

} // namespace gateway::tiktok
