// Builds the head of a request to TikTok as one flat string, reused from request to request. Pure.
#pragma once
#include "http/head_writer.hpp"
#include "http/verb.hpp"

#include <string_view>

namespace gateway::http {

class request_writer : public head_writer {
public:
    using head_writer::head_writer;

    /// Request line and Host. Throws std::logic_error when target or host hold characters that are not
    /// allowed there.
    request_writer& start(verb method, std::string_view target, std::string_view host);
    /// The same from parts, of which all but path and host may be empty: `query` begins with `?` and
    /// continues in `rest`, `port` includes its colon.
    request_writer& start(verb method, std::string_view path, std::string_view query, std::string_view rest,
                          std::string_view host, std::string_view port);
};

} // namespace gateway::http
