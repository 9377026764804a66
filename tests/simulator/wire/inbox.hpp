// Reads HTTP/1.1 requests from a stream: the header block by Beast's parser, small bodies whole, the bodies
// of uploads piece by piece. Used by one connection.
#pragma once
#include "endpoints/request.hpp"
#include "wire/stream.hpp"

#include <cstdint>
#include <optional>

namespace gateway::simulator {

class inbox {
public:
    explicit inbox(stream& from);
    ~inbox();

    /// The next request without its body; nothing if the peer closed or sent something else than HTTP (then
    /// bad() is true).
    boost::asio::awaitable<std::optional<request>> next();
    bool bad() const { return bad_; }
    /// HTTP/1.0 or Connection: close.
    bool last() const { return last_; }
    /// Content-Length; nothing when there is none (chunked, or no body).
    std::optional<std::uint64_t> length() const { return length_; }
    /// Whether the client waits for "100 Continue".
    bool waits() const { return waits_; }

    /// The whole body, at most 4 MiB; nothing if it is incomplete.
    boost::asio::awaitable<std::optional<std::string>> body();
    /// The next piece of a body of `length()` bytes, of which `left` are missing; empty if the peer closed.
    boost::asio::awaitable<std::string_view> piece(std::uint64_t left);

private:
    struct parsers;
    boost::asio::awaitable<bool> fill();

    stream& from_;
    std::unique_ptr<parsers> parsers_;
    std::string in_;                // received and not used yet
    std::unique_ptr<char[]> piece_; // memory for a piece of an upload
    std::optional<std::uint64_t> length_;
    bool bad_ = false;
    bool last_ = false;
    bool waits_ = false;
};

} // namespace gateway::simulator
