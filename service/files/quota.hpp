// Room for files: what is on its way is counted here, what lies is counted by the store; both together stay
// within `files.quota_bytes`. Any thread.
#pragma once
#include <atomic>
#include <cstdint>
#include <utility>

namespace gateway::files {

class quota {
public:
    explicit quota(std::uint64_t bytes_max) : bytes_max_(bytes_max) {}

    /// Bytes on their way; gives them back when it dies.
    class place {
    public:
        place(quota& of, std::uint64_t bytes) : of_(&of), bytes_(bytes) { of_->coming_.fetch_add(bytes_); }
        place(place&& other) noexcept : of_(std::exchange(other.of_, nullptr)), bytes_(other.bytes_) {}
        place& operator=(place&&) = delete;
        ~place() {
            if (of_) of_->coming_.fetch_sub(bytes_);
        }

        /// Gives back what is not needed.
        void shrink_to(std::uint64_t bytes) {
            if (!of_ || bytes >= bytes_) return;
            of_->coming_.fetch_sub(bytes_ - bytes);
            bytes_ = bytes;
        }

    private:
        quota* of_;
        std::uint64_t bytes_;
    };

    /// After the place was taken: does everything on its way fit beside what lies? Two that come at once
    /// both count each other, so neither slips through.
    bool holds(std::uint64_t stored_bytes) const {
        const std::uint64_t coming = coming_.load();
        return coming <= bytes_max_ && stored_bytes <= bytes_max_ - coming;
    }

private:
    std::uint64_t bytes_max_;
    std::atomic<std::uint64_t> coming_{0};
};

} // namespace gateway::files
