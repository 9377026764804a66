#include "store/engine.hpp"

#include "base/digest.hpp"

#include <boost/endian/conversion.hpp>

#include <algorithm>

namespace gateway::store {
namespace {

/// The same on every replica; units with colliding names only wait for each other.
std::int64_t lock_named(const std::string& name) {
    return boost::endian::load_big_s64(sha256(name).data());
}

} // namespace

std::int64_t life_lock(const std::string& owner) {
    return lock_named("life:" + owner);
}

unit unit::of(const user_id& user) {
    return {kind::writes, true, lock_named("user:" + user.text()), {}};
}

unit unit::of(const open_id& account) {
    return {kind::writes, true, lock_named("account:" + account.text()), {}};
}

unit unit::of(const user_id& user, const open_id& account) {
    const auto locks = std::minmax({*of(user).lock, *of(account).lock});
    return {kind::writes, true, locks.first, locks.second};
}

unit unit::of(const window_name& window) {
    return {kind::writes, true, lock_named("window:" + std::to_string(window.kind) + ":" + window.key), {}};
}

} // namespace gateway::store
