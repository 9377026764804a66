// One client's connection: reads a head, lets the gate judge it, finds the row, hands the call to the
// pipeline, answers in one write, and goes on with the next request. Requests of one connection are served in
// order, one at a time (C15).
#pragma once
#include "base/ids.hpp"
#include "base/memory/object_pool.hpp"
#include "http/response_writer.hpp"
#include "http/structured_fields.hpp"
#include "inbound/door_state.hpp"
#include "inbound/idle_line.hpp"
#include "inbound/router.hpp"
#include "pipeline/pipeline.hpp"
#include "runtime/stream.hpp"
#include "runtime/task.hpp"
#include "settings/settings.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace gateway {
class tls_server_context;
class worker;
} // namespace gateway
namespace gateway::telemetry {
class recorder;
}

namespace gateway::inbound {

/// What sessions of one worker work with, gathered by main; everything outlives them.
struct api_parts {
    worker& home;
    const settings::listen& settings;
    const router& routes;                          // shared by all workers
    pipeline::pipeline& calls;                     // of this worker
    telemetry::recorder& recorder;                 // of this worker
    door_state& state;                             // shared
    std::shared_ptr<const tls_server_context> tls; // null: plain
    /// Without callers nobody needs a key, and then a page in a browser must not reach us under a name of its
    /// own (DNS rebinding): only a loopback Host is served.
    bool loopback_host_only = false;
};

/// The bytes of one request's head and of its answer, which is head and body, and the names in it. A
/// connection has them only while it serves a request, so an idle one keeps none and the next request of any
/// finds their room.
struct call_texts {
    std::string block, body, answer;
    pipeline::checked_names names; // of the call before, until they are checked anew

    /// The answer leaves in one piece: cheaper to copy than to be sent, or encrypted, apart. A large body is
    /// not held twice while a slow client reads.
    void append_body() {
        answer += body;
        if (body.capacity() > kept_bytes_max) std::string().swap(body);
    }
    void clean() {
        for (auto* text : {&block, &body, &answer}) {
            text->clear();
            if (text->capacity() > kept_bytes_max) text->shrink_to_fit();
        }
    }
    static constexpr std::size_t kept_bytes_max = 16 * 1024; // of each
};

/// What sessions of one worker write into their answers, and with; owned by its listener.
struct answer_marks {
    object_pool<call_texts> texts;
    ulid_source request_ids; // of requests that bring none
    http::date_clock dates;
    http::policy_text policies;
};

/// Serves the connection to its end. Never throws but for cancellation.
task<void> serve_connection(const api_parts& with, idle_line& idle, answer_marks& marks, tcp_socket socket);

/// For log lines and headers: accepted when short and plain (G09), otherwise a new one is made.
bool plain_request_id(std::string_view text);
/// localhost, 127.0.0.0/8 or [::1], with or without a port.
bool loopback_host(std::string_view host);

} // namespace gateway::inbound
