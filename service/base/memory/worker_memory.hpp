// An allocator for memory that a call needs while it runs: coroutine frames, socket operations, TikTok's
// answer. A call holds a dozen blocks while it waits for TikTok. The system's allocator caches seven blocks
// per size, Asio sixteen of any size, and with 64 concurrent calls both caches are always empty. Here each
// worker caches freed blocks by size, without a lock, so taking and returning a block costs a few
// instructions. One per thread, made by worker::run(). Threads without one (at the start, in tests) use the
// system's allocator; blocks may be taken from one and returned to the other.
#pragma once
#include <array>
#include <cstddef>
#include <new>
#include <string>

namespace gateway {

class worker_memory {
public:
    /// While it exists, this thread's blocks are taken from it and returned to it.
    worker_memory() : before_(here_) { here_ = this; }
    ~worker_memory();
    worker_memory(const worker_memory&) = delete;
    worker_memory& operator=(const worker_memory&) = delete;

    /// Throws std::bad_alloc.
    static void* take(std::size_t bytes);
    /// `bytes` as given to take(); any thread.
    static void give(void* block, std::size_t bytes) noexcept;

    std::size_t kept_bytes() const { return kept_bytes_; }

    /// The most that is cached; more is freed.
    static constexpr std::size_t kept_bytes_max = 1024 * 1024;

private:
    struct block {
        block* next;
    };
    static constexpr std::size_t step_bytes = 64;
    static constexpr std::size_t sizes = 129; // up to 8 KiB; larger blocks are rare

    /// Frees cached blocks, of each size in turn: sizes in use are soon cached again, and sizes that are no
    /// longer used do not stay.
    void make_room(std::size_t bytes) noexcept;

    static constexpr std::size_t size_of(std::size_t bytes) { return (bytes + step_bytes - 1) / step_bytes; }

    static inline constinit thread_local worker_memory* here_ = nullptr;

    worker_memory* before_;
    std::size_t kept_bytes_ = 0;
    std::size_t next_out_ = 0; // the size to free next
    std::array<block*, sizes> kept_{};
};

// Under the sanitizers nothing is cached: reuse of a frame's memory would hide a use after its end.
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

/// For texts that exist only during a call.
using worker_string = std::basic_string<char, std::char_traits<char>, worker_allocator<char>>;

} // namespace gateway
