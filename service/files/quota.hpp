// The quota of staged files: this class counts files that are being written, the store counts finished ones;
// both together stay within `files.quota_bytes`. Any thread.
#pragma once
#include <atomic>
#include <cstdint>
#include <utility>

namespace gateway::files {

class quota {
public:
    explicit quota(std::uint64_t bytes_max) : bytes_max_(bytes_max) {}

    /// Reserved bytes; the destructor releases them.
    class place {
    public:
        place(quota& of, std::uint64_t bytes) : of_(&of), bytes_(bytes) { of_->coming_.fetch_add(bytes_); }
        place(place&& other) noexcept : of_(std::exchange(other.of_, nullptr)), bytes_(other.bytes_) {}
        place& operator=(place&&) = delete;
        ~place() {
            if (of_) of_->coming_.fetch_sub(bytes_);
        }

        /// Releases the bytes that are not needed.
        void shrink_to(std::uint64_t bytes) {
            if (!of_ || bytes >= bytes_) return;
            of_->coming_.fetch_sub(bytes_ - bytes);
            bytes_ = bytes;
        }

    private:
        quota* of_;
        std::uint64_t bytes_;
    };

    /// Call after reserving: whether all reserved bytes fit beside the stored ones. Two concurrent
    /// reservations count each other, so together they cannot exceed the quota.
    bool holds(std::uint64_t stored_bytes) const {
        const std::uint64_t coming = coming_.load();
        return coming <= bytes_max_ && stored_bytes <= bytes_max_ - coming;
    }

private:
    std::uint64_t bytes_max_;
    std::atomic<std::uint64_t> coming_{0};
};

} // namespace gateway::files
