#include "files/file_room.hpp"

namespace gateway::files {

using store::file_counts;

file_room::place::~place() {
    if (!of_) return;
    const std::lock_guard lock(of_->mutex_);
    of_->end(*this);
}

bool file_room::place::grow_to(std::uint64_t size_bytes) {
    const auto blocks = store::blocks_of(size_bytes);
    return blocks <= blocks_ || of_->grow(*this, blocks);
}

void file_room::place::note(const store::file_usage& stored) {
    const std::lock_guard lock(of_->mutex_);
    of_->note(of_->own_[by_], stored);
}

void file_room::place::recorded(const store::file_usage& stored) {
    const std::lock_guard lock(of_->mutex_);
    of_->note(of_->own_[by_], stored);
    of_->end(*this);
    of_ = nullptr;
}

share_state file_room::state_of(std::uint64_t file_counts::*which, const counts& own) const {
    return {most_.*which, all_.stored.*which + all_.coming.*which, own.stored.*which + own.coming.*which};
}

void file_room::note(counts& own, const store::file_usage& stored) {
    all_.stored = stored.all;
    own.stored = stored.own;
}

std::optional<file_room::place> file_room::begin(sharer by, std::uint64_t announced_bytes,
                                                 const store::file_usage& stored) {
    const std::lock_guard lock(mutex_);
    auto& own = own_[by];
    note(own, stored);
    const bool several = callers_.several();
    if (!may_take(state_of(&file_counts::files, own), 1, several)
        || !may_take(state_of(&file_counts::blocks, own), store::blocks_of(announced_bytes), several)) {
        if (own.coming.files == 0) own_.erase(by);
        return std::nullopt;
    }
    ++own.coming.files;
    ++all_.coming.files;
    return place(*this, by);
}

bool file_room::grow(place& of, std::uint64_t blocks) {
    const std::lock_guard lock(mutex_);
    auto& own = own_[of.by_];
    const auto more = blocks - of.blocks_;
    if (!may_grow(state_of(&file_counts::blocks, own), of.blocks_, more, callers_.several())) return false;
    own.coming.blocks += more;
    all_.coming.blocks += more;
    of.blocks_ = blocks;
    return true;
}

void file_room::end(const place& of) {
    const auto found = own_.find(of.by_);
    for (auto* const coming : {&found->second.coming, &all_.coming}) {
        coming->files -= 1;
        coming->blocks -= of.blocks_;
    }
    if (found->second.coming.files == 0) own_.erase(found);
}

} // namespace gateway::files
