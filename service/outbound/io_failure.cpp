#include "outbound/io_failure.hpp"

#include "runtime/stream.hpp"

namespace gateway::outbound {

failure io_failure(boost::system::error_code ec, const std::string& tls_problem) {
    namespace system = boost::system::errc;
    if (ec == stream_errc::timed_out)
        return failure{errc::deadline_exceeded, "TikTok did not answer before the deadline."};
    if (ec == stream_errc::tls)
        return failure{errc::tiktok_tls, "TLS with TikTok failed: " + tls_problem + "."};
    if (ec == system::too_many_files_open || ec == system::too_many_files_open_in_system
        || ec == system::no_buffer_space || ec == system::not_enough_memory)
        return failure{errc::overloaded, "This process has no descriptor left for a connection."};
    return failure{errc::tiktok_unreachable, "The connection to TikTok failed: " + ec.message() + "."};
}

} // namespace gateway::outbound
