#include "app/signals.hpp"

#include <algorithm>

namespace gateway::app {

namespace {

signals::what meaning_of(int number) {
    return number == SIGHUP ? signals::what::reload : signals::what::terminate;
}

} // namespace

signals::signals() {
    sigemptyset(&set_);
    for (const int one : {SIGTERM, SIGINT, SIGHUP})
        sigaddset(&set_, one);
    pthread_sigmask(SIG_BLOCK, &set_, nullptr);
}

std::optional<signals::what> signals::wait(steady_time until) {
    while (true) {
        const auto left = std::max(until - steady_now(), steady_time::duration{0});
        const auto whole = std::chrono::duration_cast<seconds>(left);
        const auto rest = std::chrono::duration_cast<std::chrono::nanoseconds>(left - whole);
        const timespec patience{whole.count(), rest.count()};
        const int number = sigtimedwait(&set_, nullptr, &patience);
        if (number > 0) return meaning_of(number);
        if (errno == EAGAIN) return std::nullopt;
    }
}

signals::what signals::wait() {
    while (true)
        if (const int number = sigwaitinfo(&set_, nullptr); number > 0) return meaning_of(number);
}

} // namespace gateway::app
