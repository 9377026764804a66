#include "app/memory_return.hpp"

#include "app/background.hpp"
#include "inbound/listener_state.hpp"
#include "runtime/blocking.hpp"
#include "runtime/waiter.hpp"

#include <fstream>
#include <malloc.h>
#include <unistd.h>

namespace gateway::app {
namespace {

constexpr seconds look_every{1};

/// Of the process's own memory, that of files left out.
std::size_t held_bytes() {
    std::ifstream file("/proc/self/statm");
    std::size_t size = 0, resident = 0, shared = 0;
    file >> size >> resident >> shared;
    return (resident - shared) * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

std::size_t used_bytes() {
    const auto heap = ::mallinfo2();
    return heap.uordblks + heap.hblkhd;
}

} // namespace

// glibc gives back only what lies at the end of its heap. What many connections needed lies between what is
// still in use, so that it would stay with the process for ever.
task<void> run_memory_return(const inbound::listener_state& listeners, blocking_pool& pool) {
    memory_return_policy policy;
    for (;;) {
        if (policy.is_due(listeners.connections.load(), steady_now())) {
            const auto give_back = [] {
                if (memory_return_policy::pays(held_bytes(), used_bytes())) ::malloc_trim(0);
            };
            const auto done = co_await run_blocking(pool, give_back);
            if (done) policy.tried(steady_now()); // else the pool is busy, and the next round tries again
        }
        co_await pause_until(deadline::in(steady_now(), look_every));
    }
}

} // namespace gateway::app
