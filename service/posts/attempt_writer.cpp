#include "posts/attempt_writer.hpp"

#include "base/failpoint.hpp"
#include "posts/daily_caps.hpp"
#include "posts/follow_up.hpp"
#include "posts/post_events.hpp"
#include "posts/post_facts.hpp"
#include "posts/post_settings.hpp"
#include "store/ledger.hpp"
#include "telemetry/call_record.hpp"
#include "telemetry/recorder.hpp"
#include "user_api/bound_api.hpp"

#include <algorithm>
#include <utility>

namespace gateway::posts {
namespace {

/// Another replica has ended this attempt, and the caller's key is free or answered, so continuing could post
/// twice.
failure taken_for_dead() {
    return {errc::vault_unavailable,
            "This replica was cut off from the store for too long to go on with this call; try again."};
}

} // namespace

attempt_writer::attempt_writer(store::ledger& rows, user_api::bound_api& tiktok, const post_origin& by,
                               std::string_view kind, const tiktok::post_info& info)
    : rows_(rows), counts_(tiktok.recorder()), call_(tiktok.record()) {
    // The attempt sorts by this time (store::post_filter). Never before the call, also if the clock was set
    // back: the call's key finds its post by it.
    record_.created_at = record_.updated_at = std::max(by.now, wall_now());
    record_.attempt = new_ulid(record_.created_at);
    record_.user = tiktok.user();
    record_.caller = by.caller;
    record_.action = by.action;
    record_.idempotency_key = by.idempotency_key;
    record_.kind = kind;
    record_.settings = write_settings(info);
    record_.post_ids = "[]";
}

task<result<void>> attempt_writer::begin(deadline until) {
    record_.state = store::post_state::begun;
    auto done = co_await rows_.begin(record_, until);
    if (!done) { // it may have been written all the same
        co_await rows_.forget(record_, deadline::in(steady_now(), end_time));
        co_return done.error();
    }
    if (!*done) co_return taken_for_dead();
    begun_ = true;
    counts_.post_ended("begun");
    failpoint("post.begun");
    co_return result<void>{};
}

/// After the end of a call with a key, the key is finished, too.
store::durable attempt_writer::when() const {
    return record_.idempotency_key.empty() ? store::durable::now : store::durable::with_the_next;
}

task<result<void>> attempt_writer::write(std::optional<store::outgoing_event> event) {
    record_.updated_at = wall_now();
    record_.next_look_at = first_look(record_, record_.updated_at);
    const bool is_end = record_.state != store::post_state::begun;
    const auto until = deadline::in(steady_now(), is_end ? end_time : write_time);
    auto done =
        co_await rows_.update(record_, until, is_end ? when() : store::durable::now, std::move(event));
    if (!done) co_return done.error();
    if (!*done) co_return taken_for_dead();
    failpoint(is_end ? "post.ended" : "post.named");
    co_return result<void>{};
}

task<result<void>> attempt_writer::named(publish_id id, std::string_view status) {
    record_.id = std::move(id);
    record_.status = status;
    return write();
}

task<result<void>> attempt_writer::settle(std::string_view status) {
    record_.state = store::post_state::settled;
    record_.status = status;
    counts_.post_ended("accepted");
    auto written = co_await write(); // if TikTok's webhook was faster, the store keeps its status
    if (!written) call_.undurable = true;
    co_return written;
}

task<result<void>> attempt_writer::fail(std::string_view fail_reason, const failure& why) {
    record_.state = store::post_state::settled;
    record_.status = failed;
    record_.fail_reason = fail_reason;
    record_.ended_at = wall_now();
    counts_.post_ended("failed");
    return write(upload_failed_event(record_, why, record_.ended_at));
}

task<void> attempt_writer::forget() {
    record_.state = store::post_state::settled;
    record_.status = failed;
    counts_.post_ended("failed");
    const auto until = deadline::in(steady_now(), end_time);
    co_await rows_.forget(record_, until, when());
    failpoint("post.ended");
}

task<result<void>> attempt_writer::lose() {
    record_.state = store::post_state::outcome_unknown;
    counts_.post_ended("outcome_unknown");
    // With a publish_id TikTok has still to say what became of it.
    if (!record_.id.empty()) return write();
    return write(unconfirmed_event(record_, wall_now()));
}

task<failure> attempt_writer::end_failed_init(failure why, deadline until) {
    // Without a byte of the video nothing can come of an init that announces bytes, even if TikTok has it.
    const bool init_can_post = !record_.kind.ends_with("_file");
    failure meant = meaning_of_failed_init(why, init_can_post);
    if (meant.code() == errc::outcome_unknown)
        (void)co_await lose();
    else
        co_await forget();
    co_return co_await with_wait(std::move(meant), until);
}

task<failure> attempt_writer::with_wait(failure why, deadline until) {
    constexpr std::uint32_t looked_at = 100;
    if (!is_daily_cap(why)) co_return why;
    const auto now = record_.created_at;
    const auto recent = co_await rows_.recent_of_account(record_.user, now - one_day, looked_at, until);
    if (!recent) co_return why; // keeps the default wait of an hour
    co_return std::move(why).retry_after(wait_for_daily_cap(*recent, is_direct(), now));
}

failure meaning_of_failed_init(const failure& f, bool init_can_post) {
    if (!f.details() || !f.details()->may_have_reached_tiktok) return f;
    const auto& seen = *f.details();
    failure out(f.code(), f.message());
    if (init_can_post) {
        out = failure(errc::outcome_unknown,
                      "TikTok's answer was lost; it may have posted. Look at the creator's account before "
                      "you try again.")
                  .may_have_reached_tiktok();
    } else {
        if (seen.scope) out = failure(out).scope(*seen.scope);
        if (seen.retry_after) out = failure(out).retry_after(*seen.retry_after);
    }
    if (seen.tiktok) out = failure(out).tiktok(*seen.tiktok);
    return out;
}

} // namespace gateway::posts
