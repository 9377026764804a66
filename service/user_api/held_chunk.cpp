#include "user_api/held_chunk.hpp"

#include <algorithm>
#include <string>

namespace gateway::user_api {

held_chunk::held_chunk(body_source& from, std::uint64_t chunk_bytes_max)
    : from_(from), bytes_(std::make_unique_for_overwrite<char[]>(chunk_bytes_max)) {}

std::string_view held_chunk::piece_at(std::uint64_t offset) const {
    const std::uint64_t size = std::min<std::uint64_t>(filled_ - offset, piece_bytes);
    return {bytes_.get() + offset, static_cast<std::size_t>(size)};
}

task<result<void>> held_chunk::read_more(std::uint64_t bytes_wanted, deadline until) {
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(bytes_wanted - filled_, piece_bytes));
    const std::span<char> space(bytes_.get() + filled_, size);
    auto count = co_await from_.read_some(space, until);
    if (!count) co_return count.error();
    if (*count == 0)
        co_return failure(errc::malformed_request, "The video ended after " + std::to_string(read_) + " of "
                                                       + std::to_string(from_.size_bytes()) + " bytes.");
    digest_.update(std::string_view(space.data(), *count));
    filled_ += *count;
    read_ += *count;
    co_return result<void>{};
}

task<result<void>> held_chunk::expect_end(deadline until) {
    char one_more = 0;
    const std::span<char> space(&one_more, 1);
    auto count = co_await from_.read_some(space, until);
    if (!count) co_return count.error();
    if (*count != 0)
        co_return failure(errc::malformed_request, "The video is longer than the "
                                                       + std::to_string(from_.size_bytes())
                                                       + " bytes that were announced.");
    co_return result<void>{};
}

} // namespace gateway::user_api
