// A text in memory of the worker that is wiped when it ends: an answer of TikTok, which may hold tokens or
// the address of an upload. The worker keeps the memory, so what lay there would stay.
#pragma once
#include "base/memory/worker_memory.hpp"

#include <cstddef>
#include <cstring>
#include <string>

namespace gateway {

template <class T>
struct wiping_allocator {
    using value_type = T;
    wiping_allocator() = default;
    template <class U>
    wiping_allocator(const wiping_allocator<U>&) noexcept {} // NOLINT(google-explicit-constructor)

    T* allocate(std::size_t count) { return static_cast<T*>(worker_memory::take(count * sizeof(T))); }
    void deallocate(T* memory, std::size_t count) noexcept {
        ::explicit_bzero(memory, count * sizeof(T));
        worker_memory::give(memory, count * sizeof(T));
    }
    friend bool operator==(const wiping_allocator&, const wiping_allocator&) { return true; }
};

using wiped_text = std::basic_string<char, std::char_traits<char>, wiping_allocator<char>>;

} // namespace gateway
