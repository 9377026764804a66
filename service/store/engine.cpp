#include "store/engine.hpp"

#include "base/digest.hpp"

namespace gateway::store {
namespace {

/// The same on every replica; units with colliding names only wait for each other.
std::int64_t lock_named(const std::string& name) {
    const auto digest = sha256(name);
    std::uint64_t lock = 0;
    for (std::size_t at = 0; at < 8; ++at)
        lock = (lock << 8) | digest[at];
    return static_cast<std::int64_t>(lock);
}

} // namespace

unit unit::of(const user_id& user) {
    return {kind::writes, true, lock_named("user:" + user.text())};
}

unit unit::of(const window_name& window) {
    return {kind::writes, true, lock_named("window:" + std::to_string(window.kind) + ":" + window.key)};
}

} // namespace gateway::store
