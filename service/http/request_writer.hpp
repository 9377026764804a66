// Builds the head of a request to TikTok as one flat string, reused from request to request. Pure.
#pragma once
#include "http/head_writer.hpp"
#include "http/verb.hpp"

#include <string>
#include <string_view>

namespace gateway::http {

class request_writer : public head_writer {
public:
    using head_writer::head_writer;

    /// Request line and Host. Throws std::logic_error when target or host hold what cannot stand there.
    request_writer& start(verb method, std::string_view target, std::string_view host);
};

} // namespace gateway::http
