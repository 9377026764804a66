// Bytes that many share and that are bounded: the chunks held for uploads, the files on their way to the
// disk. What does not fit is refused at the start, never ended in the middle (docs/promises.md L04, M08).
// Any thread.
#pragma once
#include <atomic>
#include <cstdint>
#include <optional>
#include <utility>

namespace gateway {

class byte_budget {
public:
    explicit byte_budget(std::uint64_t bytes_max) : bytes_max_(bytes_max) {}

    /// Some of the bytes; gives them back when it dies.
    class permit {
    public:
        permit(permit&& other) noexcept
            : from_(std::exchange(other.from_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
        permit& operator=(permit&&) = delete;
        ~permit() { shrink_to(0); }

        /// Gives back what is not needed.
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

    /// Nothing where it does not fit.
    std::optional<permit> take(std::uint64_t bytes) {
        std::uint64_t used = used_.load();
        while (fits(used, bytes))
            if (used_.compare_exchange_weak(used, used + bytes)) return permit{*this, bytes};
        return std::nullopt;
    }
    /// Counted whether or not it fits, for what fits only beside something that has to be asked for: then ask
    /// fits_beside(). Two that come at once both count each other, so neither slips through.
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
