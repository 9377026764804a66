// Admission by bytes: all chunks held for a re-send share `uploads.memory_bytes`; what does not fit is
// refused at the start, never killed in the middle (docs/promises.md L04, M08). One per process, any thread.
#pragma once
#include <atomic>
#include <cstdint>
#include <optional>
#include <utility>

namespace gateway::user_api {

class upload_memory {
public:
    explicit upload_memory(std::uint64_t bytes_max) : left_(bytes_max) {}

    /// Gives its bytes back when it dies.
    class permit {
    public:
        permit(permit&& other) noexcept
            : from_(std::exchange(other.from_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
        permit& operator=(permit&&) = delete;
        ~permit() {
            if (from_) from_->left_.fetch_add(bytes_, std::memory_order_relaxed);
        }

    private:
        friend class upload_memory;
        permit(upload_memory& from, std::uint64_t bytes) : from_(&from), bytes_(bytes) {}
        upload_memory* from_;
        std::uint64_t bytes_;
    };

    std::optional<permit> take(std::uint64_t bytes) {
        std::uint64_t left = left_.load(std::memory_order_relaxed);
        while (left >= bytes)
            if (left_.compare_exchange_weak(left, left - bytes, std::memory_order_relaxed))
                return permit{*this, bytes};
        return std::nullopt;
    }

private:
    std::atomic<std::uint64_t> left_;
};

} // namespace gateway::user_api
