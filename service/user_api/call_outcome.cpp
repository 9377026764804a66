#include "user_api/call_outcome.hpp"

#include "telemetry/recorder.hpp"
#include "tiktok/api_call.hpp"
#include "tiktok/error_table.hpp"

#include <utility>

namespace gateway::user_api {
namespace {

/// may_have_reached_tiktok matters only for writes; a read can be repeated.
failure as_seen_by(tiktok::endpoint which, const failure& f) {
    const bool reads = tiktok::row_of(which).repeats == tiktok::repeat_class::safe;
    return reads && f.details() && f.details()->may_have_reached_tiktok ? failure(f.code(), f.message()) : f;
}

} // namespace

void note_reply(call_outcome& out, telemetry::recorder& recorder, tiktok::endpoint which,
                outbound::exchange_result<outbound::reply> reply, std::string_view access_token,
                steady_time began) {
    if (reply) {
        out.answered = true;
        out.named_wait = tiktok::parse_retry_after(reply->retry_after);
        out.answer = tiktok::read_answer(which, std::move(*reply), access_token);
    } else {
        const failure& f = reply.error();
        out.may_have_left = f.details() && f.details()->may_have_reached_tiktok;
        out.was_stale = reply.was_stale();
        out.answer = as_seen_by(which, f);
    }
    out.ended = steady_now();
    out.took = std::chrono::duration_cast<milliseconds>(out.ended - began);
    recorder.upstream_call(tiktok::row_of(which).name,
                           out.answer ? "ok" : tiktok::code_label(out.answer.error()), out.took);
}

limits::quota_status settle(limits::permit& slot, const call_outcome& out) {
    if (out.answered || out.may_have_left) return slot.settle(out.ended);
    slot.give_back();
    return slot.status(out.ended);
}

} // namespace gateway::user_api
