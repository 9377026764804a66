// The program's operators new and delete. Memory that is freed is wiped first: what a library copies (YAML,
// JSON, Beast) or a string leaves behind when it grows does not wait on the heap for whoever reads an image
// of it (docs/secrets-in-memory.md). A call that is served from memory of its worker frees nothing, so it
// pays nothing. In builds with failpoints a test may make an allocation fail (failing_new.hpp).
#include "base/memory/failing_new.hpp"

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <malloc.h>
#include <new>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define GATEWAY_SANITIZED
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define GATEWAY_SANITIZED
#endif

// NOLINTBEGIN(cppcoreguidelines-no-malloc)
#if defined(GATEWAY_FAILPOINTS) || !defined(GATEWAY_SANITIZED)
namespace {

void wipe_and_free(void* block) noexcept {
#ifndef GATEWAY_SANITIZED // whose allocator knows no usable size, and which wipes nothing
    constexpr std::size_t wiped_bytes_max = 1024 * 1024; // larger blocks are chunks of videos
    if (block == nullptr) return;
    const std::size_t bytes = ::malloc_usable_size(block);
    if (bytes <= wiped_bytes_max) ::explicit_bzero(block, bytes);
#endif
    std::free(block);
}

} // namespace

void operator delete(void* block) noexcept {
    wipe_and_free(block);
}
void operator delete[](void* block) noexcept {
    wipe_and_free(block);
}
void operator delete(void* block, std::size_t) noexcept {
    wipe_and_free(block);
}
void operator delete[](void* block, std::size_t) noexcept {
    wipe_and_free(block);
}
void operator delete(void* block, const std::nothrow_t&) noexcept {
    wipe_and_free(block);
}
void operator delete[](void* block, const std::nothrow_t&) noexcept {
    wipe_and_free(block);
}
#endif

#ifndef GATEWAY_SANITIZED // theirs belongs to their operator new, which is not replaced for these
void operator delete(void* block, std::align_val_t) noexcept {
    wipe_and_free(block);
}
void operator delete[](void* block, std::align_val_t) noexcept {
    wipe_and_free(block);
}
void operator delete(void* block, std::size_t, std::align_val_t) noexcept {
    wipe_and_free(block);
}
void operator delete[](void* block, std::size_t, std::align_val_t) noexcept {
    wipe_and_free(block);
}
#endif

#ifdef GATEWAY_FAILPOINTS
void* operator new(std::size_t bytes) {
    gateway::fail_allocation_if_told();
    for (;;) {
        if (void* const memory = std::malloc(bytes == 0 ? 1 : bytes)) return memory;
        const auto handler = std::get_new_handler();
        if (handler == nullptr) throw std::bad_alloc();
        handler();
    }
}
void* operator new[](std::size_t bytes) {
    return ::operator new(bytes);
}
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
    try {
        return ::operator new(bytes);
    } catch (...) {
        return nullptr;
    }
}
void* operator new[](std::size_t bytes, const std::nothrow_t& same) noexcept {
    return ::operator new(bytes, same);
}
#endif
// NOLINTEND(cppcoreguidelines-no-malloc)
