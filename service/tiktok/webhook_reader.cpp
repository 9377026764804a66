#include "tiktok/webhook_reader.hpp"

#include <utility>

namespace gateway::tiktok {

webhook_reader::webhook_reader(std::string client_key, secret client_secret)
    : client_key_(std::move(client_key)), client_secret_(std::move(client_secret)) {}

result<webhook_event> webhook_reader::read(std::string_view signature, std::string_view body,
                                           wall_time now) const {
    // The portal's test event can be signed with an old time (docs/tiktok-wire.md W19). It has no effect, so
    // it may be repeated at any time; other events may not.
    constexpr seconds any_time = std::chrono::hours{24 * 365 * 100};
    const auto genuine = verify_webhook(signature, body, client_secret_, now, any_time);
    if (!genuine) return genuine.error();
    auto event = read_webhook(body);
    if (event.kind != webhook_kind::ping) {
        const auto fresh = verify_webhook(signature, body, client_secret_, now, webhook_window);
        if (!fresh) return fresh.error();
    }
    // An event of another app with our signature is impossible, except with a wrong configuration.
    if (event.without_effect.empty() && event.client_key != client_key_)
        return failure{errc::invalid_input, "This event is for another client_key."};
    return event;
}

} // namespace gateway::tiktok
