// Where that lives which a call needs while it runs: coroutine frames, socket operations, TikTok's answer. A
// call has a dozen of them for as long as TikTok takes to answer; the system's allocator keeps seven blocks
// of a size at hand, Asio sixteen of any size, and with 64 calls on their way both are empty all the time.
// Here each worker keeps what was given back, by size, without a lock: taking and giving are a few
// instructions. One per thread, made by worker::run(); without one (the steps of the start, tests) the
// system's allocator serves, and blocks may go from one to the other.
#pragma once
#include <array>
#include <cstddef>
#include <new>
#include <string>

namespace gateway {

class worker_memory {
public:
    /// From now on and until it ends, what this thread takes and gives goes through here.
    worker_memory() : before_(here_) { here_ = this; }
    ~worker_memory();
    worker_memory(const worker_memory&) = delete;
    worker_memory& operator=(const worker_memory&) = delete;

    /// Throws std::bad_alloc.
    static void* take(std::size_t bytes);
    /// `bytes` as they were taken; any thread.
    static void give(void* block, std::size_t bytes) noexcept;

    std::size_t kept_bytes() const { return kept_bytes_; }

    /// More than this is given back to the system.
    static constexpr std::size_t kept_bytes_max = 1024 * 1024;

private:
    struct block {
        block* next;
    };
    static constexpr std::size_t step_bytes = 64;
    static constexpr std::size_t sizes = 129; // up to 8 KiB; what takes more is rare

    /// Gives back to the system, of each size in turn: what is asked for is soon here again, and sizes that
    /// nobody asks for any more do not stay.
    void make_room(std::size_t bytes) noexcept;

    static constexpr std::size_t size_of(std::size_t bytes) { return (bytes + step_bytes - 1) / step_bytes; }

    static inline constinit thread_local worker_memory* here_ = nullptr;

    worker_memory* before_;
    std::size_t kept_bytes_ = 0;
    std::size_t next_out_ = 0; // of the sizes
    std::array<block*, sizes> kept_{};
};

// Under the sanitizers nothing is kept: a frame that lives on in the next coroutine hides that the last one
// was used after its end.
#ifdef BOOST_ASIO_DISABLE_AWAITABLE_FRAME_RECYCLING
inline constexpr bool frames_are_kept = false;
#else
inline constexpr bool frames_are_kept = true;
#endif

inline void* worker_memory::take(std::size_t bytes) {
    const std::size_t size = size_of(bytes);
    if (here_ != nullptr && size < sizes) {
        if (block* const found = here_->kept_[size]) {
            here_->kept_[size] = found->next;
            here_->kept_bytes_ -= size * step_bytes;
            return found;
        }
    }
    return ::operator new(size* step_bytes);
}

inline void worker_memory::give(void* memory, std::size_t bytes) noexcept {
    const std::size_t size = size_of(bytes);
    worker_memory* const here = here_;
    if (!frames_are_kept || here == nullptr || size >= sizes) return ::operator delete(memory);
    if (here->kept_bytes_ + size * step_bytes > kept_bytes_max) here->make_room(size * step_bytes);
    here->kept_[size] = ::new (memory) block{here->kept_[size]};
    here->kept_bytes_ += size * step_bytes;
}

/// For handlers of Asio's operations.
template <class T>
struct worker_allocator {
    using value_type = T;
    worker_allocator() = default;
    template <class U>
    worker_allocator(const worker_allocator<U>&) noexcept {} // NOLINT(google-explicit-constructor)

    T* allocate(std::size_t count) { return static_cast<T*>(worker_memory::take(count * sizeof(T))); }
    void deallocate(T* memory, std::size_t count) noexcept { worker_memory::give(memory, count * sizeof(T)); }
    friend bool operator==(const worker_allocator&, const worker_allocator&) { return true; }
};

/// For bytes that a call has while it runs.
using worker_string = std::basic_string<char, std::char_traits<char>, worker_allocator<char>>;

} // namespace gateway
