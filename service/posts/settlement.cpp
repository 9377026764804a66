#include "posts/settlement.hpp"

#include "posts/follow_up.hpp"
#include "posts/post_events.hpp"
#include "posts/post_facts.hpp"
#include "store/ledger.hpp"

#include <utility>

namespace gateway::posts {
namespace {

constexpr std::uint32_t at_once = 100;

} // namespace

store::post_record ended_by_crash(store::post_record begun, wall_time now) {
    begun.updated_at = now;
    const bool brings_bytes = begun.kind.ends_with("_file");
    if (brings_bytes && begun.id.empty()) {
        // An init for FILE_UPLOAD posts nothing without its bytes, and none were sent before the publish_id
        // was stored.
        begun.state = store::post_state::settled;
        begun.status = failed;
        begun.fail_reason = "process_ended";
    } else if (brings_bytes || begun.id.empty()) {
        // Bytes were being sent and may all have arrived; or the init can post by itself and may have been
        // sent.
        begun.state = store::post_state::outcome_unknown;
    } else {
        begun.state = store::post_state::settled; // the init was answered, and nothing more was to be done
        if (begun.status.empty()) begun.status = processing_download;
    }
    begun.next_look_at = first_look(begun, now);
    return begun;
}

task<result<settled_counts>> settle_abandoned(store::ledger& ledger, deadline until) {
    settled_counts counts;
    for (;;) {
        auto found = co_await ledger.abandoned(at_once, until);
        if (!found) co_return found.error();
        if (found->empty()) co_return counts;
        for (auto& begun : *found) {
            const auto now = wall_now();
            auto ended = ended_by_crash(std::move(begun), now);
            auto event = event_of_crash(ended, now);
            const auto state = ended.state;
            const bool nothing_came = had_no_effect(ended);
            const auto written =
                co_await ledger.update(std::move(ended), until, store::durable::now, std::move(event));
            if (!written) co_return written.error();
            ++(state == store::post_state::outcome_unknown ? counts.unknown
               : nothing_came                              ? counts.failed
                                                           : counts.settled);
        }
    }
}

} // namespace gateway::posts
