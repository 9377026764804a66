// The caller's key in a request head. Views into the head.
#pragma once
#include "base/text.hpp"
#include "http/message_head.hpp"
#include "http/wire_text.hpp"

#include <string_view>

namespace gateway::http {

/// The key of `Authorization: Bearer KEY`; empty if the field is absent or has another scheme.
constexpr std::string_view bearer_key(std::string_view authorization) {
    constexpr std::string_view scheme = "bearer ";
    if (authorization.size() <= scheme.size() || !same_word(authorization.substr(0, scheme.size()), scheme))
        return {};
    return trimmed(authorization.substr(scheme.size()));
}

/// The key of `x-api-key` or of `Authorization`, which hold the same one if both are there (the gate refuses
/// others); empty if there is none.
constexpr std::string_view api_key_of(const request_head& head) {
    return head.api_key.empty() ? bearer_key(head.authorization) : head.api_key;
}

} // namespace gateway::http
