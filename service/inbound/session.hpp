// One client's connection: reads a head, checks it with the gate, finds the row, passes the call to the
// pipeline, writes the answer in one write, and continues with the next request. Requests of one connection
// are served in order, one at a time (C15).
#pragma once
#include "base/ids.hpp"
#include "base/memory/object_pool.hpp"
#include "base/secret.hpp"
#include "http/structured_fields.hpp"
#include "http/writers.hpp"
#include "inbound/connection_queue.hpp"
#include "inbound/handshake_turns.hpp"
#include "inbound/listener_state.hpp"
#include "inbound/router.hpp"
#include "pipeline/request.hpp"
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

namespace gateway::pipeline {
class pipeline;
}

namespace gateway::inbound {

/// What the sessions of one worker use; collected by the service, outlives them.
struct api_parts {
    worker& home;
    const settings::listen& settings;
    const router& routes;                          // shared by all workers
    pipeline::pipeline& calls;                     // of this worker
    telemetry::recorder& recorder;                 // of this worker
    listener_state& state;                         // shared
    std::shared_ptr<const tls_server_context> tls; // null: plain
    const std::string& public_url;                 // whose origin is ours
    /// Without callers no key is needed. Then only a loopback Host is served, so that a page in a browser
    /// cannot reach the gateway under its own host name (DNS rebinding), and nothing that a browser sends for
    /// another site (other_sites.hpp).
    bool loopback_host_only = false;
};

/// Memory for the head of one request, for the names in it, and for the head and body of its answer. A
/// connection holds it only while it serves a request, so idle ones need none and requests of all connections
/// reuse it.
struct request_buffers {
    std::string block, body, answer;
    std::string_view fixed;        // sent behind `answer`: bytes of a document, with static lifetime
    pipeline::checked_names names; // those of the previous call, until they are checked again

    /// Joins head and body: a copy is cheaper than sending or encrypting them separately. A large body is not
    /// held twice while a slow client reads.
    void append_body() {
        answer += body;
        if (body.capacity() > kept_bytes_max) std::string().swap(body);
    }
    std::size_t held_bytes() const { return block.capacity() + body.capacity() + answer.capacity(); }
    void clean() {
        fixed = {};
        for (auto* text : {&block, &body, &answer}) {
            wipe_bytes(*text); // the caller's key, or the address of a login
            text->clear();
            if (text->capacity() > kept_bytes_max) text->shrink_to_fit();
        }
    }
    static constexpr std::size_t kept_bytes_max = 16 * 1024; // of each
};

/// What the sessions of one worker share for writing answers; owned by its listener.
struct session_cache {
    object_pool<request_buffers> texts;
    ulid_source request_ids; // for requests without one
    http::date_clock dates;
    http::policy_text policies;
};

/// Serves the connection to its end. Throws only if it is cancelled.
task<void> serve_connection(const api_parts& with, connection_queue& idle, handshake_turns& turns,
                            session_cache& marks, tcp_socket socket);

/// Whether a client's request id is short and plain enough for log lines and headers (G09); otherwise a new
/// one is made.
bool plain_request_id(std::string_view text);
/// localhost, 127.0.0.0/8 or [::1], with or without a port.
bool loopback_host(std::string_view host);

} // namespace gateway::inbound
