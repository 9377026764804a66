#include "base/memory/memory_reserve.hpp"

#include <array>
#include <atomic>
#include <cstdlib>
#include <new>

namespace gateway {
namespace {

constexpr std::size_t block_bytes = 16 * 1024;
constexpr std::size_t block_count = 64;

std::array<std::atomic<void*>, block_count> blocks{};
std::atomic<std::uint64_t> blocks_used{0};

/// Gives one block to the system's allocator. False: none is left.
bool free_one() noexcept {
    for (auto& one : blocks) {
        void* const memory = one.exchange(nullptr);
        if (memory == nullptr) continue;
        std::free(memory); // NOLINT(cppcoreguidelines-no-malloc)
        blocks_used.fetch_add(1, std::memory_order_relaxed);
        return true;
    }
    return false;
}

} // namespace

/// The handler of operator new: it tries again if this returns.
void memory_reserve::serve() {
    if (in_body_ || !free_one()) throw std::bad_alloc();
}

void memory_reserve::set_up() {
    refill();
    std::set_new_handler(&serve);
}

void memory_reserve::refill() noexcept {
    for (auto& one : blocks) {
        if (one.load() != nullptr) continue;
        void* const memory = std::malloc(block_bytes); // NOLINT(cppcoreguidelines-no-malloc)
        if (memory == nullptr) return;
        void* none = nullptr;
        if (!one.compare_exchange_strong(none, memory))
            std::free(memory); // NOLINT(cppcoreguidelines-no-malloc)
    }
}

std::uint64_t memory_reserve::used() {
    return blocks_used.load(std::memory_order_relaxed);
}

} // namespace gateway
