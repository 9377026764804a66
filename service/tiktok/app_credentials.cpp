#include "tiktok/app_credentials.hpp"

#include <utility>

namespace gateway::tiktok {

app_credentials::app_credentials(std::string key, secret text, observer on_refused)
    : client_key_(std::move(key)), observer_(std::move(on_refused)), client_secret_(std::move(text)) {}

app_secret app_credentials::client_secret() const {
    const std::lock_guard guard(lock_);
    return {client_secret_.copy(), number_};
}

bool app_credentials::change_secret(secret fresh) {
    const std::lock_guard guard(lock_);
    if (client_secret_.equals(fresh.reveal())) return false;
    client_secret_ = std::move(fresh);
    ++number_;
    refused_.store(false, std::memory_order_relaxed);
    return true;
}

bool app_credentials::note_refused(std::uint64_t number, const tiktok_error_text& words) {
    {
        const std::lock_guard guard(lock_);
        if (number != number_) return false;
        if (refused_.exchange(true, std::memory_order_relaxed)) return true;
    }
    if (observer_) observer_(words);
    return true;
}

void app_credentials::note_accepted(std::uint64_t number) {
    if (!refused()) return;
    const std::lock_guard guard(lock_);
    if (number == number_) refused_.store(false, std::memory_order_relaxed);
}

} // namespace gateway::tiktok
