// Names to addresses without ever stopping a loop: getaddrinfo runs on threads of its own, its last good
// answer is kept and refreshed in the background, and nobody waits longer than his own deadline (U13). Made
// once by main, shared by all workers; thread-safe. Destroying it does not wait for a lookup that hangs.
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
    /// name: address; settings `tiktok.resolve`. Takes the place of resolving.
    std::map<std::string, std::string> fixed;
    unsigned threads = 4;               // so many names may hang before another one has to wait
    std::size_t names_max = 256;        // names come from settings and from TikTok's upload URLs
    milliseconds refresh_after{30'000}; // getaddrinfo tells no TTL; an answer this old is asked for again
    milliseconds keep_last_good{3'600'000};
    /// How to look a name up, on a thread of the resolver's; empty means getaddrinfo. Fails or gives none
    /// when the name is not known.
    std::function<result<addresses>(const std::string&)> lookup;
};

class resolver {
public:
    /// Throws std::runtime_error when a fixed address is none.
    explicit resolver(resolver_options options);
    ~resolver();
    resolver(const resolver&) = delete;
    resolver& operator=(const resolver&) = delete;

    /// At least one address, best first. Waits only when nothing usable is known yet. Failures:
    /// tiktok_unreachable, deadline_exceeded, overloaded (names_max).
    task<result<addresses>> resolve(std::string host, deadline until);

private:
    struct state;
    std::shared_ptr<state> state_; // shared with the threads, which may hang in a lookup past our end
};

} // namespace gateway::outbound
