// A plain HTTP client for tests: one connection per call, whole answers, JSON where there is JSON. Every
// answer's bytes go into a transcript, which is searched for secrets at the end of a test.
#pragma once
#include "base/clock.hpp"
#include "harness/transcript.hpp"

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace harness {

using fields = std::multimap<std::string, std::string>;

struct answer {
    int status = 0; // 0: there was no answer
    std::map<std::string, std::string>
        headers; // names in lower case; values of a repeated name are joined by ", "
    std::string body;
    std::string raw;

    /// The body as JSON; null if it is not JSON.
    boost::json::value json() const;
    /// A member by its path, `data.videos.0.id`; null if there is none.
    boost::json::value at(std::string_view path) const;
    std::string text_at(std::string_view path) const; // empty if there is no string
    std::string header(const std::string& name) const;
    /// `problem.code`, or empty.
    std::string code() const { return text_at("problem.code"); }
};

/// Parses one answer.
answer parse_answer(std::string_view raw);

class http_client {
public:
    explicit http_client(std::uint16_t port, std::shared_ptr<transcript> seen = nullptr)
        : port_(port), seen_(std::move(seen)) {}

    std::uint16_t port() const { return port_; }
    /// Sent with every call; a field given with a call replaces it.
    void always_send(const std::string& name, const std::string& value) { always_.emplace(name, value); }
    void over_tls(std::string ca_file, std::string name);
    void wait_at_most(gateway::milliseconds wait) { wait_ = wait; }

    answer call(const std::string& method, const std::string& target, const fields& more = {},
                std::string_view body = {}) const;
    answer get(const std::string& target, const fields& more = {}) const { return call("GET", target, more); }
    answer post(const std::string& target, const boost::json::value& body, const fields& more = {}) const;
    answer put(const std::string& target, const boost::json::value& body, const fields& more = {}) const;
    answer del(const std::string& target, const fields& more = {}) const {
        return call("DELETE", target, more);
    }

private:
    answer send_json(const std::string& method, const std::string& target, const boost::json::value& body,
                     fields more) const;

    std::uint16_t port_;
    std::shared_ptr<transcript> seen_; // shared by all clients of one test
    fields always_;
    std::string ca_file_, name_;
    gateway::milliseconds wait_{60'000};
};

} // namespace harness
