// A host's whole answer to one request, as the client hands it over. Pure.
#pragma once
#include "base/memory/worker_memory.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace gateway::outbound {

/// A whole answer. Views into `bytes`.
struct reply {
    int status = 0;
    worker_string bytes; // head and body, de-chunked
    std::string_view body() const { return std::string_view(bytes).substr(body_at); }
    std::size_t body_at = 0;
    std::string retry_after; // raw values of the few fields that are used; empty when absent
    std::string content_range;
    std::string log_id; // x-tt-logid
};

} // namespace gateway::outbound
