// Writes a live answer of the session's current request: with chunks to HTTP/1.1, up to the end of the
// connection to HTTP/1.0. Each piece is one write, and a client that does not read it in time loses the
// connection. A member of the session.
#pragma once
#include "api/envelope.hpp"
#include "api/live_answer.hpp"
#include "inbound/connection_queue.hpp"
#include "inbound/session.hpp"
#include "runtime/stream.hpp"
#include "runtime/task.hpp"

#include <string>
#include <string_view>

namespace gateway::telemetry {
struct call_record;
}

namespace gateway::inbound {

struct answer_facts;

class live_writer final : public api::live_answer {
public:
    live_writer(stream& to, connection_queue::place& place, telemetry::call_record& record,
                session_cache& shared)
        : to_(to), place_(place), record_(record), shared_(shared) {}

    /// For the next request; all that is given lives as long as it. `head`: its header block, which the gate
    /// has accepted.
    void reset(request_buffers& texts, const answer_facts& facts, std::string_view head) {
        texts_ = &texts;
        facts_ = &facts;
        head_ = head;
        begun_ = gone_ = false;
    }
    bool begun() const { return begun_; }
    /// What ends the answer: the envelope as the last line, unless the call has said all. `false`: the
    /// connection must end.
    task<bool> finish(const api::outcome& what);

    bool accepts(std::string_view media_type) const override;
    std::string_view last_event_id() const override;
    bool client_has_closed() const override { return to_.peer_has_closed(); }
    /// To a HEAD there is nothing but the head, and `false` is the answer.
    task<bool> begin(std::string_view content_type) override;
    task<bool> send(std::string_view piece) override;

private:
    bool has_no_body() const;
    task<bool> write();

    stream& to_;
    connection_queue::place& place_;
    telemetry::call_record& record_;
    session_cache& shared_;
    request_buffers* texts_ = nullptr;
    const answer_facts* facts_ = nullptr;
    std::string_view head_;
    bool begun_ = false;
    bool gone_ = false; // the client
};

} // namespace gateway::inbound
