#include "posts/settlement.hpp"

#include "posts/post_facts.hpp"
#include "store/store.hpp"

#include <utility>

namespace gateway::posts {
namespace {

constexpr std::uint32_t at_once = 100;

} // namespace

store::post_record ended_by_crash(store::post_record begun, wall_time now) {
    begun.updated_at = now;
    const bool brings_bytes = begun.kind.ends_with("_file");
    if (brings_bytes && begun.id.empty()) {
        // An init for FILE_UPLOAD posts nothing until its bytes are there, and none left before the
        // publish_id was written down.
        begun.state = store::post_state::settled;
        begun.status = failed;
        begun.fail_reason = "process_ended";
    } else if (brings_bytes || begun.id.empty()) {
        // Bytes were on their way and may all have arrived; or the init could post by itself and may have
        // left.
        begun.state = store::post_state::outcome_unknown;
    } else {
        begun.state = store::post_state::settled; // the init was answered, and there is nothing more to do
        if (begun.status.empty()) begun.status = processing_download;
    }
    return begun;
}

task<result<settled_counts>> settle_abandoned(store::store& store, deadline until) {
    settled_counts counts;
    for (;;) {
        auto found = co_await store.abandoned_posts(at_once, until);
        if (!found) co_return found.error();
        if (found->empty()) co_return counts;
        for (auto& begun : *found) {
            auto ended = ended_by_crash(std::move(begun), wall_now());
            const auto state = ended.state;
            const bool nothing_came = came_to_nothing(ended);
            const auto written = co_await store.update_post(std::move(ended), until);
            if (!written) co_return written.error();
            ++(state == store::post_state::outcome_unknown ? counts.unknown
               : nothing_came                              ? counts.failed
                                                           : counts.settled);
        }
    }
}

} // namespace gateway::posts
