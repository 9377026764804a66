// The TikTok app of this gateway: its key, its secret, which SIGHUP may change, and whether TikTok refuses
// them (docs/promises.md T24). Owned by the service, shared by all workers; any thread, the lock is held for
// nanoseconds.
#pragma once
#include "base/result.hpp"
#include "base/secret.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>

namespace gateway::tiktok {

/// A copy for one request, and which secret it is.
struct app_secret {
    secret text;
    std::uint64_t number = 0;
};

class app_credentials {
public:
    /// Called once when TikTok begins to refuse the app, with its words; on the thread of that answer.
    using observer = std::function<void(const tiktok_error_text& words)>;

    app_credentials(std::string key, secret text, observer on_refused = {});

    const std::string& client_key() const { return client_key_; }
    app_secret client_secret() const;
    /// False if it is the secret that is in use already.
    bool change_secret(secret fresh);

    /// TikTok's verdict about the app in an answer to a request with secret `number`. False: another secret
    /// is in use by now, so the verdict says nothing.
    bool note_refused(std::uint64_t number, const tiktok_error_text& words);
    void note_accepted(std::uint64_t number);
    bool refused() const { return refused_.load(std::memory_order_relaxed); }

private:
    const std::string client_key_;
    const observer observer_;
    mutable std::mutex lock_;
    secret client_secret_;
    std::uint64_t number_ = 0;
    std::atomic<bool> refused_{false};
};

} // namespace gateway::tiktok
