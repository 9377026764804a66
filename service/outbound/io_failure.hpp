// Translates network errors into failures: no code above outbound/ handles errors of Asio (docs/code-rules.md
// §11). Pure.
#pragma once
#include "base/result.hpp"

#include <boost/system/error_code.hpp>

#include <string>

namespace gateway::outbound {

/// tiktok_unreachable, tiktok_tls, deadline_exceeded, or overloaded when this process has no descriptor left.
failure io_failure(boost::system::error_code ec, const std::string& tls_problem);

} // namespace gateway::outbound
