// TikTok's webhooks: verifies the signature and reads the event (docs/tiktok-wire.md §7). Pure.
#pragma once
#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"
#include "tiktok/app_credentials.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace gateway::tiktok {

enum class webhook_kind {
    authorization_removed,
    publish_failed,
    publish_complete,
    inbox_delivered,
    publicly_available,
    no_longer_publicly_available,
    ping, // the portal's test event
    other // unknown or not used
};

struct webhook_event {
    webhook_kind kind = webhook_kind::other;
    std::string name; // as sent
    std::string client_key;
    open_id account;
    std::int64_t created_at_s = 0;
    publish_id post;                // of publish events
    std::string post_id;            // of the public post, a string of digits; may be empty
    std::string reason;             // fail_reason of publish_failed
    std::int64_t reason_number = 0; // of authorization_removed
    /// Why it has no effect here, for the log; empty if it has one. The answer is 200 anyway, because TikTok
    /// would send the same event again for three days.
    std::string_view without_effect = {};
    /// SHA-256 (hex) of (event, account, publish_id, post_id, create_time): TikTok delivers at least once.
    std::string fingerprint() const;
};

/// TikTok documents no window; 300 s is usual.
inline constexpr seconds webhook_window{300};

/// `signature` is the value of TikTok-Signature, `body` the raw bytes. unauthenticated, with the same text
/// for every reason.
result<void> verify_webhook(std::string_view signature, std::string_view body, const secret& client_secret,
                            wall_time now, seconds window = webhook_window);
/// Reads a verified body of any kind.
webhook_event read_webhook(std::string_view body);

/// For code that must not have the app's secret: an event is genuine, fresh and of our app, or refused
/// (docs/promises.md U16). Owned by the service, any thread.
class webhook_reader {
public:
    explicit webhook_reader(const app_credentials& app) : app_(app) {}

    /// `signature` is the value of TikTok-Signature, `body` the raw bytes. unauthenticated; invalid_input for
    /// an event of another app that would have an effect.
    result<webhook_event> read(std::string_view signature, std::string_view body, wall_time now) const;

private:
    const app_credentials& app_;
};

} // namespace gateway::tiktok
