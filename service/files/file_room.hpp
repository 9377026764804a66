// The room for files, in blocks and in number, shared by callers (base/fair_share.hpp). The store counts what
// is recorded, and judges a file once more when it is; this counts the files that are being written, by the
// bytes that have come and not by those that were announced (docs/promises.md L09). One object for all
// workers, thread-safe.
#pragma once
#include "base/fair_share.hpp"
#include "store/files.hpp"

#include <cstdint>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <utility>

namespace gateway::files {

class file_room {
public:
    /// `callers` outlives it.
    file_room(store::file_counts most, const caller_count& callers) : most_(most), callers_(callers) {}

    /// The place of a file that is being written; the destructor gives it back.
    class place {
    public:
        place(place&& other) noexcept
            : of_(std::exchange(other.of_, nullptr)), by_(other.by_), blocks_(other.blocks_) {}
        place& operator=(place&&) = delete;
        ~place();

        /// Call before more bytes are written. False: there is no room for them by what is known of the
        /// store.
        bool grow_to(std::uint64_t size_bytes);
        /// `stored`: what the store counts now.
        void note(const store::file_usage& stored);
        /// The file is recorded, and counted in `stored`. Call last.
        void recorded(const store::file_usage& stored);
        /// What the store may record.
        store::file_bound bound() const { return {of_->most_, of_->callers_.several()}; }

    private:
        friend class file_room;
        place(file_room& of, sharer by) : of_(&of), by_(by) {}

        file_room* of_;
        sharer by_;
        std::uint64_t blocks_ = 0;
    };

    /// Nothing if a file of the announced size would not find room now. `stored`: what the store counts.
    std::optional<place> begin(sharer by, std::uint64_t announced_bytes, const store::file_usage& stored);

private:
    struct counts {
        store::file_counts stored; // as the store last said
        store::file_counts coming; // being written
    };
    // Under the mutex.
    share_state state_of(std::uint64_t store::file_counts::*which, const counts& own) const;
    void note(counts& own, const store::file_usage& stored);
    void end(const place& of);

    bool grow(place& of, std::uint64_t blocks);

    const store::file_counts most_;
    const caller_count& callers_;
    std::mutex mutex_;
    counts all_;
    std::unordered_map<sharer, counts> own_; // of those who are writing files
};

} // namespace gateway::files
