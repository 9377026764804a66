// Verifies and reads TikTok's webhooks for code that must not have the app's secret: an event is genuine,
// fresh and of our app, or refused (docs/tiktok-wire.md §7, docs/promises.md U16). Owned by the service,
// constant, any thread.
#pragma once
#include "base/clock.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"
#include "tiktok/webhook.hpp"

#include <string>
#include <string_view>

namespace gateway::tiktok {

class webhook_reader {
public:
    webhook_reader(std::string client_key, secret client_secret);

    /// `signature` is the value of TikTok-Signature, `body` the raw bytes. unauthenticated; invalid_input for
    /// an event of another app that would have an effect.
    result<webhook_event> read(std::string_view signature, std::string_view body, wall_time now) const;

private:
    std::string client_key_;
    secret client_secret_;
};

} // namespace gateway::tiktok
