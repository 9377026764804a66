// Writes the header block of an answer from the pipeline's outcome and the call's record. Pure; appends to a
// string that the session reuses. The body is a separate string; both are sent in one write.
#pragma once
#include "api/envelope.hpp"
#include "base/clock.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace gateway::http {
class policy_text;
}
namespace gateway::telemetry {
struct call_record;
}

namespace gateway::inbound {

struct answer_facts {
    int status = 200;
    std::uint64_t body_bytes = 0;
    bool keep_alive = true;
    bool http_1_0 = false;
    bool writes = false;         // the action may have an effect at TikTok
    std::string_view date;       // http_date of now
    std::string_view allow = {}; // for OPTIONS; a 405 has its own
};

void append_answer_head(std::string& out, const api::outcome& what, const telemetry::call_record& record,
                        const answer_facts& facts, http::policy_text& policies);

/// The body of an outcome: the envelope, or the bytes of a page or asset. Gives the status.
int append_answer_body(std::string& out, const api::outcome& what, std::string_view request_id);

} // namespace gateway::inbound
