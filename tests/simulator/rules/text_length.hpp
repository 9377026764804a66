// The length of a text as TikTok counts it (docs/tiktok-wire.md W10). Pure; texts are valid UTF-8.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace gateway::simulator {

/// UTF-16 code units, or code points.
std::size_t text_length(std::string_view utf8, bool code_points);
/// At most `most` units, cut at a whole character.
std::string cut_text(std::string_view utf8, std::size_t most, bool code_points);

} // namespace gateway::simulator
