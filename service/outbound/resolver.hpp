// Resolves names without blocking a loop: getaddrinfo runs on separate threads, its last good answer is
// cached and refreshed in the background, and no call waits longer than its own deadline (U13). Made once by
// main, shared by all workers; thread-safe. Destroying it does not wait for a lookup that hangs.
#pragma once
#include "base/clock.hpp"
#include "base/result.hpp"
#include "runtime/task.hpp"

#include <boost/asio/ip/address.hpp>

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace gateway::outbound {

using addresses = std::vector<boost::asio::ip::address>;

struct resolver_options {
    /// name: address; settings `tiktok.resolve`. Used instead of a lookup.
    std::map<std::string, std::string> fixed;
    unsigned threads = 4;               // the number of lookups that may hang before others have to wait
    std::size_t names_max = 256;        // names come from settings and from TikTok's upload URLs
    milliseconds refresh_after{30'000}; // getaddrinfo gives no TTL, so an answer of this age is refreshed
    milliseconds keep_last_good{3'600'000};
    /// Looks a name up, on a thread of the resolver; empty means getaddrinfo. Fails or gives no address when
    /// the name is unknown.
    std::function<result<addresses>(const std::string&)> lookup;
};

class resolver {
public:
    /// Throws std::runtime_error when a fixed address is not an IP address.
    explicit resolver(resolver_options options);
    ~resolver();
    resolver(const resolver&) = delete;
    resolver& operator=(const resolver&) = delete;

    /// At least one address, best first. Waits only when no answer is cached. Failures: tiktok_unreachable,
    /// deadline_exceeded, overloaded (names_max).
    task<result<addresses>> resolve(std::string host, deadline until);

private:
    struct state;
    std::shared_ptr<state> state_; // shared with the threads, whose lookups may outlast the resolver
};

} // namespace gateway::outbound
