// Limits calls per minute from one network address, in a table of fixed size. When it is full, the address
// with the fewest calls is replaced, so an address that keeps calling stays counted. Time is an argument.
// Thread-safe; used only for refused calls.
#pragma once
#include "base/clock.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>

namespace gateway::limits {

/// What counts as one address: an IPv4 address (also one mapped into IPv6), or the first 64 bits of an IPv6
/// address, the part that one customer usually has. `bytes` are 4 or 16 in network order; all other sizes
/// count as the same address.
std::uint64_t network_of(std::string_view bytes);

class address_limiter {
public:
    /// `seed` is random, so that an attacker cannot choose addresses that replace each other in the table.
    address_limiter(std::uint32_t per_minute, std::uint64_t seed);
    address_limiter(const address_limiter&) = delete;
    address_limiter& operator=(const address_limiter&) = delete;

    /// Counts one call. Nothing within the limit; above it the time until the address's minute ends.
    std::optional<milliseconds> count(std::uint64_t network, steady_time now);
    /// Applies to minutes that have already begun, too.
    void change_limit(std::uint32_t per_minute) { per_minute_.store(per_minute, std::memory_order_relaxed); }

    static constexpr std::size_t addresses_max = 8'192;
    static constexpr milliseconds minute{60'000};

private:
    struct entry {
        std::uint64_t network = 0;
        steady_time began; // start of its minute
        std::uint32_t count = 0;
    };
    static constexpr std::size_t ways = 8;
    /// The entries that an address may use.
    using set = std::array<entry, ways>;
    static constexpr std::size_t sets = addresses_max / ways;
    static constexpr std::size_t locks = 16;

    static entry& place_in(set& places, std::uint64_t network, steady_time now);

    const std::uint64_t seed_;
    std::atomic<std::uint32_t> per_minute_;
    std::array<std::mutex, locks> locks_;
    std::unique_ptr<set[]> sets_;
};

} // namespace gateway::limits
