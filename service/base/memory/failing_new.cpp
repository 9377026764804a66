#include "base/memory/failing_new.hpp"

#ifdef GATEWAY_FAILPOINTS

#include <fcntl.h>
#include <new>
#include <sys/mman.h>
#include <unistd.h>

namespace gateway {
namespace {

std::atomic<allocation_fault*> armed{nullptr};

bool fails_now(allocation_fault& of) {
    if (of.left.load(std::memory_order_relaxed) <= 0) return false;
    if (of.left.fetch_sub(1) != 1) return false;
    of.failed.fetch_add(1);
    return true;
}

/// What operator new does where the system has no memory, once: it asks the handler, which makes room or
/// throws.
void fail_once(allocation_fault& of) {
    const auto handler = std::get_new_handler();
    try {
        if (handler == nullptr) throw std::bad_alloc();
        handler();
    } catch (...) {
        of.thrown.fetch_add(1);
        throw;
    }
}

} // namespace

void fail_allocation_if_told() {
    if (auto* const of = armed.load(std::memory_order_relaxed))
        if (fails_now(*of)) fail_once(*of);
}

std::string arm_allocation_fault(const std::string& file) {
    const int descriptor = ::open(file.c_str(), O_RDWR | O_CLOEXEC);
    if (descriptor < 0) return "the file cannot be opened";
    void* const memory =
        ::mmap(nullptr, sizeof(allocation_fault), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    ::close(descriptor);
    if (memory == MAP_FAILED) return "the file cannot be mapped";
    armed.store(static_cast<allocation_fault*>(memory));
    return {};
}

} // namespace gateway

#else

namespace gateway {

std::string arm_allocation_fault(const std::string&) {
    return "this build has no failpoints";
}

} // namespace gateway

#endif
