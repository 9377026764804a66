#include "webhooks/message.hpp"

#include "base/digest.hpp"
#include "http/writers.hpp"
#include "outbound/host_value.hpp"

namespace gateway::webhooks {

std::string sign(std::span<const secret> keys, std::string_view id, std::int64_t at_s,
                 std::string_view body) {
    std::string signed_text;
    signed_text.append(id).append(".").append(std::to_string(at_s)).append(".").append(body);
    std::string out;
    for (const auto& key : keys) {
        if (!out.empty()) out += ' ';
        out.append("v1,").append(to_base64(as_text(hmac_sha256(key.reveal(), signed_text))));
    }
    return out;
}

std::string write_request(const outbound::origin& to, std::string_view target, std::span<const secret> keys,
                          const message& what) {
    const auto at_s = unix_ms(what.at) / 1000;
    std::string out;
    http::request_writer head(out);
    head.start(http::verb::post, target, {}, {}, outbound::host_value(to), {});
    head.lines(
            "Content-Type: application/json\r\nAccept-Encoding: identity\r\nUser-Agent: tiktok-gateway\r\n")
        .field("webhook-id", what.id)
        .field("webhook-timestamp", at_s)
        .field("webhook-signature", sign(keys, what.id, at_s, what.body))
        .content_length(what.body.size());
    head.end();
    out += what.body;
    return out;
}

} // namespace gateway::webhooks
