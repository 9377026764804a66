// Memory for the places that cannot bear a failed allocation (docs/promises.md P07; docs/code-rules.md §12).
// An exception may leave the body of a coroutine, but not Asio between the suspension of a coroutine and the
// start of its operation (the coroutine would be destroyed without a word to whoever waits for it), nor a
// destructor that wakes others. There an allocation that the system refuses is served from a reserve of one
// MiB, which is filled again when there is memory. Everywhere else it throws std::bad_alloc, as usual. State
// of the process, set up by main before a second thread starts.
#pragma once
#include <cstdint>

namespace gateway {

class memory_reserve {
public:
    /// Takes the reserve; from now on operator new uses it.
    static void set_up();
    /// Fills what was used; called periodically by the service.
    static void refill() noexcept;
    /// Blocks of the reserve that were used since the start.
    static std::uint64_t used();

    /// Whether this thread is in the body of a coroutine (task.hpp), where an exception reaches who waits.
    /// False between the bodies, on the threads of loops; true on the other threads.
    static void enter_body() noexcept { in_body_ = true; }
    static void leave_body() noexcept { in_body_ = false; }
    static bool in_body() noexcept { return in_body_; }

    /// While it exists, this thread uses the reserve. Not across a co_await.
    class scope {
    public:
        scope() : before_(in_body_) { in_body_ = false; }
        ~scope() { in_body_ = before_; }
        scope(const scope&) = delete;
        scope& operator=(const scope&) = delete;

    private:
        bool before_;
    };

private:
    static void serve();

    static inline constinit thread_local bool in_body_ = true;
};

} // namespace gateway
