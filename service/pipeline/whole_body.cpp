#include "pipeline/whole_body.hpp"

#include "base/secret.hpp"
#include "runtime/shared_memory.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <utility>

namespace gateway::pipeline {

namespace {

constexpr std::size_t step_bytes = 16 * 1024; // smaller bodies are not counted

/// The claim of a body, from the step on at which it is large.
class large_body {
public:
    large_body(body_source& from, const body_memory& memory) : from_(from), memory_(memory) {}

    /// Call before `bytes` are held and the next ones are read.
    result<void> hold(std::uint64_t bytes) {
        if (!memory_.of || bytes <= step_bytes) return {};
        auto& claim = *memory_.claim;
        const auto now = steady_now();
        if (!claim) claim = memory_.of->take(memory_.by, bytes, now);
        if (!claim || !claim->hold(bytes, now)) return no_memory_left();
        if (!gives_way_) gives_way_.emplace(from_, *claim);
        if (claim->lost()) return lost_its_place();
        return {};
    }
    void came(std::uint64_t bytes) {
        if (gives_way_) (*memory_.claim)->came(bytes, steady_now());
    }

private:
    body_source& from_;
    const body_memory memory_;
    std::optional<giving_way> gives_way_;
};

} // namespace

failure body_too_large(std::uint64_t bytes_max) {
    return failure{errc::too_large, "The body is larger than the " + std::to_string(bytes_max)
                                        + " bytes that this route takes."};
}

task<result<std::string>> read_whole(body_source& from, std::uint64_t bytes_max, deadline until,
                                     body_memory memory) {
    std::string all;
    std::size_t have = 0;
    large_body claimed(from, memory);
    for (;;) {
        // Memory grows with the received bytes, not with the announced size; one byte more than allowed is
        // read to detect the excess.
        const auto room = std::min<std::uint64_t>(step_bytes, bytes_max + 1 - have);
        const auto there = claimed.hold(have + room);
        if (!there) co_return there.error();
        all.resize(have + static_cast<std::size_t>(room));
        const std::span<char> space{all.data() + have, static_cast<std::size_t>(room)};
        const auto got = co_await from.read_some(space, until);
        claimed.came(got ? *got : 0);
        if (!got) co_return got.error();
        have += *got;
        if (*got == 0) break;
        if (have > bytes_max) co_return body_too_large(bytes_max);
    }
    all.resize(have);
    co_return all;
}

task<result<void>> drop_whole(body_source& from, std::uint64_t bytes_max, deadline until) {
    std::array<char, 4096> waste;
    std::uint64_t dropped = 0;
    for (;;) {
        const auto got = co_await from.read_some(waste, until);
        wipe_bytes(waste); // the frame's memory is used again
        if (!got) co_return got.error();
        if (*got == 0) co_return result<void>{};
        dropped += *got;
        if (dropped > bytes_max)
            co_return failure{errc::too_large,
                              "This route takes no body, and of one it ignores 64 KB at most."};
    }
}

} // namespace gateway::pipeline
