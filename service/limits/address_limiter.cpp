#include "limits/address_limiter.hpp"

#include <algorithm>

namespace gateway::limits {
namespace {

constexpr std::size_t ipv4_bytes = 4, ipv6_bytes = 16, prefix_bytes = 8;
/// IPv6 addresses that begin like this are multicast, so no host has one, and it can mark IPv4 addresses.
constexpr std::uint64_t ipv4_mark = 0xffff'ffff'0000'0000;
constexpr std::string_view mapped_prefix("\0\0\0\0\0\0\0\0\0\0\xff\xff", 12);

std::uint64_t number_of(std::string_view bytes) {
    std::uint64_t number = 0;
    for (const char byte : bytes)
        number = number << 8 | static_cast<unsigned char>(byte);
    return number;
}

/// Each bit of the input changes half of the output's (MurmurHash3's finalizer).
std::uint64_t mixed(std::uint64_t bits) {
    bits = (bits ^ bits >> 33) * 0xff51'afd7'ed55'8ccd;
    bits = (bits ^ bits >> 33) * 0xc4ce'b9fe'1a85'ec53;
    return bits ^ bits >> 33;
}

} // namespace

std::uint64_t network_of(std::string_view bytes) {
    if (bytes.size() == ipv4_bytes) return ipv4_mark | number_of(bytes);
    if (bytes.size() != ipv6_bytes) return 0;
    if (bytes.starts_with(mapped_prefix)) return network_of(bytes.substr(mapped_prefix.size()));
    return number_of(bytes.substr(0, prefix_bytes));
}

address_limiter::address_limiter(std::uint32_t per_minute, std::uint64_t seed)
    : seed_(seed), per_minute_(per_minute), sets_(std::make_unique<set[]>(sets)) {}

std::optional<milliseconds> address_limiter::count(std::uint64_t network, steady_time now) {
    const std::size_t where = mixed(network ^ seed_) % sets;
    const std::lock_guard lock(locks_[where % locks]);
    entry& found = place_in(sets_[where], network, now);
    if (found.count < per_minute_.load(std::memory_order_relaxed)) {
        ++found.count;
        return std::nullopt;
    }
    const auto left = std::chrono::duration_cast<milliseconds>(found.began + minute - now);
    return std::max(left, milliseconds{1});
}

/// The address's entry, if its minute has not ended; else an entry whose minute has ended, else the one with
/// the lowest count.
address_limiter::entry& address_limiter::place_in(set& places, std::uint64_t network, steady_time now) {
    const auto is_over = [now](const entry& one) { return one.count == 0 || now - one.began >= minute; };
    entry* chosen = &places.front();
    for (entry& one : places) {
        if (one.count > 0 && one.network == network) {
            chosen = &one;
            if (!is_over(one)) return one;
            break;
        }
        const bool freer = is_over(one) && !is_over(*chosen);
        const bool less = is_over(one) == is_over(*chosen) && one.count < chosen->count;
        if (freer || less) chosen = &one;
    }
    *chosen = {network, now, 0};
    return *chosen;
}

} // namespace gateway::limits
