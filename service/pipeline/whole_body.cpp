#include "pipeline/whole_body.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>

namespace gateway::pipeline {

task<result<std::string>> read_whole(body_source& from, std::uint64_t bytes_max, deadline until) {
    constexpr std::size_t step_bytes = 16 * 1024;
    std::string all;
    std::size_t have = 0;
    for (;;) {
        // Memory grows with the received bytes, not with the announced size; one byte more than allowed is
        // read to detect the excess.
        const auto room = std::min<std::uint64_t>(step_bytes, bytes_max + 1 - have);
        all.resize(have + static_cast<std::size_t>(room));
        const std::span<char> space{all.data() + have, static_cast<std::size_t>(room)};
        const auto got = co_await from.read_some(space, until);
        if (!got) co_return got.error();
        have += *got;
        if (*got == 0) break;
        if (have > bytes_max) co_return failure{errc::too_large, "The body is larger than this route takes."};
    }
    all.resize(have);
    co_return all;
}

task<result<void>> drop_whole(body_source& from, std::uint64_t bytes_max, deadline until) {
    std::array<char, 4096> waste;
    std::uint64_t dropped = 0;
    for (;;) {
        const auto got = co_await from.read_some(waste, until);
        if (!got) co_return got.error();
        if (*got == 0) co_return result<void>{};
        dropped += *got;
        if (dropped > bytes_max)
            co_return failure{errc::too_large, "The body is larger than this route ignores."};
    }
}

} // namespace gateway::pipeline
