// The faults set by the control listener, and which request gets which. Pure.
#pragma once
#include "endpoints/request.hpp"

#include <boost/json/value.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace gateway::simulator {

/// Which requests, and how often. Empty means any.
struct fault_match {
    std::string listener; // api | upload
    std::string method;
    std::string path; // `*` is a wildcard
    std::string account;
    std::int64_t nth = 0;    // only the nth request that matches the rest, counted from 1
    bool connection = false; // not a request but a new connection, before TLS
};

/// What the fault does to them.
struct fault_effect {
    bool apply = true;         // whether the request still has its effect
    std::int64_t delay_ms = 0; // between the effect and the answer
    std::optional<int> status;
    std::optional<std::string> body;
    header_list headers;                          // in addition; they replace ours of the same name
    std::optional<boost::json::object> merge;     // RFC 7386 patch of the JSON answer: null takes a key away
    std::optional<std::string> raw;               // these bytes instead of any answer
    std::string extra_bytes;                      // after the answer
    std::optional<std::int64_t> reset_at_byte;    // TCP reset after that many bytes of the answer
    std::optional<std::int64_t> truncate_at_byte; // orderly close after that many bytes of the answer
    bool close_without_alert = false;             // ... without TLS close_notify
    bool close = false;                           // orderly close after the answer
    bool reset_before_answer = false;
    bool hang = false;        // never answers; holds the connection until the client leaves
    bool early = false;       // answers before the body was read
    std::int64_t drip_ms = 0; // one byte of the answer per so many milliseconds
    std::optional<std::int64_t> reset_after_request_bytes; // of the body; the request has no effect
    std::int64_t read_delay_ms = 0; // pause before each 64 KiB of an upload's body: a slow reader
};

struct fault {
    std::uint64_t id = 0;
    fault_match match;
    std::int64_t times = 1; // negative: without end
    std::int64_t seen = 0;
    std::int64_t fired = 0;
    fault_effect effect;
};

class fault_book {
public:
    /// The id of the new fault, or what is wrong with the description.
    struct added {
        std::uint64_t id = 0;
        std::string wrong;
    };
    added add(const boost::json::value& description);
    /// The first fault that matches this request; counts the match.
    std::optional<fault_effect> pick(const std::string& listener, const std::string& method,
                                     const std::string& path, const std::string& account);
    std::optional<fault_effect> pick_connection(const std::string& listener);
    void clear() { faults_.clear(); }
    boost::json::array list() const;

private:
    std::vector<fault> faults_;
    std::uint64_t added_ = 0;
};

} // namespace gateway::simulator
