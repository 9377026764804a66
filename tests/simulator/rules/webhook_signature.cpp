#include "rules/webhook_signature.hpp"

#include "base/digest.hpp"

namespace gateway::simulator {

std::string webhook_signature(std::string_view client_secret, std::int64_t unix_s, std::string_view body,
                              bool blank) {
    const std::string time = std::to_string(unix_s);
    return "t=" + time + (blank ? ", s=" : ",s=")
           + to_hex(hmac_sha256(client_secret, time + "." + std::string(body)));
}

} // namespace gateway::simulator
