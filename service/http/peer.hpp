// The sender of the bytes. The rules are the same for both; the error differs: a 4xx for a caller's fault,
// tiktok_error for TikTok's.
#pragma once
#include "base/result.hpp"

#include <string>
#include <utility>

namespace gateway::http {

enum class peer : unsigned char { caller, tiktok };

inline failure blame(peer from, errc code, std::string message) {
    if (from == peer::caller) return failure{code, std::move(message)};
    return failure{errc::tiktok_error,
                   "TikTok sent an answer that is not proper HTTP: " + std::move(message)};
}

} // namespace gateway::http
