// One HTTP/1.1 request as a client, for pulls and webhooks. Names are resolved only by the settings, so
// nothing leaves the machine.
#pragma once
#include "endpoints/request.hpp"
#include "wire/stream.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <optional>

namespace gateway::simulator {

/// Trusted authorities and the addresses of names.
struct fetch_settings {
    std::map<std::string, std::uint16_t> resolve; // host name -> port on 127.0.0.1
    std::string authority_pem;                    // our own
    std::string extra_ca_file;
    std::chrono::milliseconds wait_most{30'000}; // without a byte
};

/// Called with the pieces of the answer's body; false stops the fetch.
using piece_handler = std::function<boost::asio::awaitable<bool>(std::string_view piece)>;

/// The status; nothing if there was no complete answer. `on_piece` must outlive the call. Redirects are not
/// followed.
boost::asio::awaitable<std::optional<int>> fetch(fetch_settings how, std::string method, std::string url,
                                                 header_list headers, std::string body,
                                                 const piece_handler& on_piece);

} // namespace gateway::simulator
