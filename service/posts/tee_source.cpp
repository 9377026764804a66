#include "posts/tee_source.hpp"

namespace gateway::posts {

task<result<std::size_t>> tee_source::read_some(std::span<char> space, deadline until) {
    auto count = co_await from_.read_some(space, until);
    if (!count || *count == 0 || !copy_) co_return count;
    auto kept = co_await copy_->write(std::string_view(space.data(), *count), until);
    if (!kept) copy_.reset();
    co_return count;
}

task<std::optional<store::file_record>> tee_source::finish(std::string mimetype, wall_time now,
                                                           deadline until) {
    files::file_writer* const all = staged_in_ ? staged_in_ : copy_.get();
    if (!all) co_return std::nullopt;
    auto kept = co_await all->finish(std::move(mimetype), now, until);
    copy_.reset();
    if (!kept) co_return std::nullopt;
    co_return std::move(*kept);
}

} // namespace gateway::posts
