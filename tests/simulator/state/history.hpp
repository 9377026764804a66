// The true history, for tests to compare with a client's answers. Contains no secret of a request: tokens are
// named by their id.
#pragma once
#include "base/clock.hpp"

#include <boost/json/object.hpp>

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

namespace gateway::simulator {

struct request_record {
    std::uint64_t number = 0;
    std::int64_t time_ms = 0; // unix
    std::string listener;     // api | upload
    std::uint64_t connection = 0;
    std::string method;
    std::string path;
    std::string query; // not of OAuth and upload requests: secrets
    std::string content_type;
    std::string content_range; // of uploads
    std::string body;          // JSON of display and posting calls only
    std::string client_key;
    std::string account;
    std::string token_id;
    std::string grant_type;
    std::string publish_id;
    std::string log_id;
    std::string error_code;
    int status = 0; // 0: no answer (yet)
    bool faulted = false;
    std::int64_t answered_ms = 0; // unix; when the whole answer was sent; 0: not (yet)
    bool unread = false; // the peer ended the connection with a reset, before it had read this answer
};

struct webhook_record {
    std::uint64_t number = 0;
    std::int64_t time_ms = 0;
    std::string client_key;
    std::string account;
    std::string event;
    std::string content; // the JSON text inside
    std::string publish_id;
    int attempts = 0;
    int last_status = 0; // 0: not reached
    bool delivered = false;
    bool given_up = false;
};

boost::json::object to_json(const request_record& one);
boost::json::object to_json(const webhook_record& one);

class history {
public:
    explicit history(std::size_t requests_max) : requests_max_(requests_max) {}

    /// The reference is valid until the next record is added.
    request_record& add(request_record one);
    /// Null if it has been removed.
    request_record* find(std::uint64_t number);
    const std::deque<request_record>& requests() const { return requests_; }
    std::uint64_t seen() const { return seen_; }
    void forget_requests() { requests_.clear(); }

    webhook_record& add_webhook(webhook_record one);
    webhook_record* find_webhook(std::uint64_t number);
    const std::deque<webhook_record>& webhooks() const { return webhooks_; }

private:
    std::size_t requests_max_;
    std::uint64_t seen_ = 0;
    std::deque<request_record> requests_;
    std::deque<webhook_record> webhooks_;
};

} // namespace gateway::simulator
