// A bounded number of bytes shared by many users: for chunks held for uploads, and files that are being
// written. A request that does not fit is refused at its start, never in the middle (docs/promises.md L04,
// M08). Any thread.
#pragma once
#include <atomic>
#include <cstdint>
#include <optional>
#include <utility>

namespace gateway {

class byte_budget {
public:
    explicit byte_budget(std::uint64_t bytes_max) : bytes_max_(bytes_max) {}

    /// Reserved bytes; the destructor releases them.
    class permit {
    public:
        permit(permit&& other) noexcept
            : from_(std::exchange(other.from_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
        permit& operator=(permit&&) = delete;
        ~permit() { shrink_to(0); }

        /// Releases the bytes that are not needed.
        void shrink_to(std::uint64_t bytes) {
            if (bytes >= bytes_) return;
            from_->used_.fetch_sub(bytes_ - bytes);
            bytes_ = bytes;
        }

    private:
        friend class byte_budget;
        permit(byte_budget& from, std::uint64_t bytes) : from_(&from), bytes_(bytes) {}
        byte_budget* from_;
        std::uint64_t bytes_;
    };

    /// Nothing if they do not fit.
    std::optional<permit> take(std::uint64_t bytes) {
        std::uint64_t used = used_.load();
        while (fits(used, bytes))
            if (used_.compare_exchange_weak(used, used + bytes)) return permit{*this, bytes};
        return std::nullopt;
    }
    /// Reserves even if it does not fit. For a bound that also covers bytes counted elsewhere: read that
    /// count afterwards and call fits_beside(). Two concurrent reservations count each other, so together
    /// they cannot exceed the bound.
    permit reserve(std::uint64_t bytes) {
        used_.fetch_add(bytes);
        return {*this, bytes};
    }
    bool fits_beside(std::uint64_t bytes) const { return fits(used_.load(), bytes); }

private:
    bool fits(std::uint64_t used, std::uint64_t more) const {
        return used <= bytes_max_ && more <= bytes_max_ - used;
    }

    std::uint64_t bytes_max_;
    std::atomic<std::uint64_t> used_{0};
};

} // namespace gateway
