// The path of a request that fits no route, as the log may show it: a caller that has the wrong address may
// put a key or a token into it. Pure.
#pragma once
#include <string>
#include <string_view>

namespace gateway::inbound {

/// Keeps the segments that are words, and replaces each that could be a secret or a part of one by `*`.
std::string shown_path(std::string_view path);

} // namespace gateway::inbound
