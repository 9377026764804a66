#include "settings/signing_secrets.hpp"

#include "base/digest.hpp"

#include <algorithm>
#include <utility>

namespace gateway::settings {

signing_secrets::signing_secrets(std::vector<secret> newest_first)
    : keys_(std::make_shared<const std::vector<secret>>(std::move(newest_first))) {}

bool signing_secrets::operator==(const signing_secrets& other) const {
    const auto mine = list(), theirs = other.list();
    return std::equal(mine.begin(), mine.end(), theirs.begin(), theirs.end(),
                      [](const secret& one, const secret& two) { return one.equals(two.reveal()); });
}

std::optional<secret> read_signing_secret(std::string_view text) {
    constexpr std::string_view begin = "whsec_";
    constexpr std::size_t bytes_min = 24, bytes_max = 64;
    if (!text.starts_with(begin)) return std::nullopt;
    auto bytes = from_base64(text.substr(begin.size()));
    if (!bytes) return std::nullopt;
    secret out(std::move(*bytes));
    if (out.size() < bytes_min || out.size() > bytes_max) return std::nullopt;
    return out;
}

} // namespace gateway::settings
