// Writes an answer from the pipeline's outcome and the call's record: head and body as one text, for one
// write; a fixed document is not copied. No I/O.
#pragma once
#include "api/envelope.hpp"
#include "inbound/session.hpp"

#include <string_view>

namespace gateway::telemetry {
struct call_record;
}

namespace gateway::inbound {

struct answer_facts {
    bool keep_alive = false;
    bool http_1_0 = false;
    bool writes = false;         // the action may have an effect at TikTok
    std::string_view allow = {}; // for OPTIONS; a 405 has its own
};

/// The head of an answer that is sent piece by piece (live_writer.hpp), into `texts.answer`.
void write_live_head(request_buffers& texts, std::string_view content_type, telemetry::call_record& record,
                     const answer_facts& facts, session_cache& shared);
/// The fields of the record about a failure that is answered.
void note_outcome(telemetry::call_record& record, const api::outcome& what);

/// Fills `texts.answer` and `texts.fixed`, and the fields of the record about the answer.
void write_answer(request_buffers& texts, const api::outcome& what, telemetry::call_record& record,
                  const answer_facts& facts, session_cache& shared);

} // namespace gateway::inbound
