#include "pipeline/pipeline.hpp"

#include "actions/call.hpp"
#include "actions/first_answer.hpp"
#include "files/shelf.hpp"
#include "pipeline/acting.hpp"
#include "pipeline/admission.hpp"
#include "pipeline/fingerprint.hpp"
#include "pipeline/intake.hpp"
#include "store/store.hpp"
#include "telemetry/call_record.hpp"
#include "tiktok/user_api.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>

#include <exception>
#include <optional>
#include <string>
#include <utility>

namespace gateway::pipeline {
namespace {

/// What was done must be written down even when the call's own time is over.
deadline time_to_remember() {
    return deadline::in(steady_now(), seconds{5});
}

/// The bytes this call may have to send, as far as they are known before any is read: for its deadline.
task<std::uint64_t> bytes_to_send(const parts& with, const actions::call& c) {
    if (c.body.source) co_return c.body.source->size_bytes();
    if (const auto files = c.input.files("file_to_upload"); !files.empty()) {
        const auto found = co_await with.actions.files.find(caller_name::trusted(c.by.name), files.front().id,
                                                            c.now, c.until);
        co_return found ? found->size_bytes : 0; // that it is missing is said by whoever opens it
    }
    if (c.post.empty()) co_return 0;
    const auto found = co_await with.store.find_post(c.user, c.post, c.until);
    if (!found || !found->has_value()) co_return 0;
    co_return (*found)->size_bytes;
}

result<void> read_path(const request& what, actions::call& c) {
    if (what.what->path.find("{publish_id}") != std::string_view::npos) {
        auto post = check_publish_id(what.publish_id);
        if (!post) return post.error();
        c.post = std::move(*post);
        c.record.publish_id = c.post.text();
    }
    if (what.what->path.find("{file_id}") != std::string_view::npos) {
        auto file = check_file_id(what.file_id);
        if (!file) return file.error();
        c.file = std::move(*file);
    }
    c.asset = what.asset;
    return {};
}

/// Binds the call to the acting user's TikTok and holds the row's scope against what they granted.
task<result<void>> bind_tiktok(const parts& with, actions::call& c, std::optional<tiktok::user_api>& api) {
    auto creator_id = c.input.text("creator_id");
    auto user = co_await acting_user(with.actions.connections, c.by, c.user, std::move(creator_id), c.until);
    if (!user) co_return user.error();
    api.emplace(with.tiktok, std::move(*user), c.record, c.until);
    auto granted = co_await api->scopes();
    if (!granted) co_return granted.error();
    c.granted = std::move(*granted);
    c.tiktok = &*api;
    if (!c.what.scope) co_return result<void>{};
    co_return granted_any(c.what.scope(c.input), c.granted);
}

std::string identity_of(const actions::call& c) {
    const request_identity identity{
        .slug = c.what.slug,
        .user_id = c.user.text(),
        .publish_id = c.post.text(),
        .inputs = c.input.values(),
        .file_bytes = c.body.source ? std::optional(c.body.source->size_bytes()) : std::nullopt,
        .content_digest = c.body.content_digest};
    return fingerprint(identity);
}

/// Whether the first answer is the last word: refusals without effect and half-done batches may be tried
/// again.
bool is_final(const outcome& out) {
    if (const auto* why = std::get_if<failure>(&out)) return actions::must_be_remembered(*why);
    const auto* answer = std::get_if<actions::answer>(&out);
    const auto* object = answer ? std::get_if<actions::object>(answer) : nullptr;
    return !object || object->partial_failure.empty();
}

/// A fault of ours in the middle of a write: nobody knows how far it came, so it must not be done again.
failure fault_of_ours(const actions::row& what) {
    failure why{errc::internal,
                "Something went wrong inside the gateway; the request_id finds it in the log."};
    return what.writes ? std::move(why).may_have_reached_tiktok() : why;
}

task<outcome> run_action(actions::call& c) {
    try {
        auto done = co_await c.what.run(c);
        if (!done) co_return done.error();
        co_return std::move(*done);
    } catch (const boost::system::system_error& thrown) {
        if (thrown.code() == boost::asio::error::operation_aborted) throw; // the session is being ended
        co_return fault_of_ours(c.what);
    } catch (const std::exception&) {
        co_return fault_of_ours(c.what);
    }
}

/// Claims the key before a byte of the file is read, so that a second call cannot slip in between.
task<outcome> run_once(const parts& with, actions::call& c) {
    if (c.idempotency_key.empty()) co_return co_await run_action(c);
    actions::first_answer first{with.store, caller_name::trusted(c.by.name), c.idempotency_key,
                                identity_of(c), c.record.request_id};
    auto earlier = co_await first.claim(c.now, c.until);
    if (!earlier) co_return earlier.error();
    if (*earlier) {
        c.record.replayed = true;
        replay again{.status = (*earlier)->status, .envelope = std::move((*earlier)->answer)};
        co_return again;
    }
    auto out = co_await run_action(c);
    if (is_final(out)) {
        std::string envelope;
        const int status = write_envelope(envelope, out, c.record.request_id);
        // Should this fail, the key stays taken: a later call hears in_progress, and nothing is done twice.
        (void)co_await first.remember(status, std::move(envelope), time_to_remember());
    } else {
        (void)co_await first.forget(time_to_remember());
    }
    co_return out;
}

/// The order, with the reason for each place.
task<outcome> walk(const parts& with, const request& what, telemetry::call_record& record) {
    const auto& row = *what.what;
    // Who calls: first, since all that follows is theirs, and strangers shall cost nothing. The book is held
    // to the end of the call, whatever SIGHUP brings meanwhile.
    const auto book = with.callers;
    const auto who = identify(book, what);
    if (!who) co_return who.error();
    const settings::caller& by = *(*who)->who;
    const bool has_key = row.opened_by == actions::door::caller;
    if (has_key) record.caller = by.name;
    // What they may do, before what they may consume: a refusal for good is not worth a request of the quota.
    if (auto allowed = may_do(by, row); has_key && !allowed) co_return allowed.error();
    // Their quota, before anything that costs us.
    const auto quota =
        has_key ? take_quota(with.quotas, **who, what.arrived) : std::optional<limits::standing>{};
    if (!quota) co_return quota.error();
    record.caller_quota = *quota;
    // For whom: before inputs are looked at, so that somebody else's users stay as unknown as users who do
    // not exist.
    auto user = may_act_for(by, what);
    if (!user) co_return user.error();
    record.user = user->text();
    // How long: everything from here on may wait.
    const auto wish = wished_timeout(what.timeout_seconds);
    if (!wish) co_return wish.error();
    const auto until_for = [&](std::uint64_t bytes) {
        const auto own =
            deadline::in(what.arrived, allowed_time(row.takes_time, bytes, with.settings.deadlines));
        const auto until = *wish ? own.no_later_than(deadline::in(what.arrived, **wish)) : own;
        return until.under(with.calls_end);
    };
    if (auto key = check_key(what); row.replays && !key) co_return key.error();
    // The body: judged by its head alone first, then read as far as the inputs reach, then all inputs at
    // once.
    auto plan = plan_body(what);
    if (!plan) co_return plan.error();
    const auto intake_until = until_for(what.content_length.value_or(0));
    auto taken = co_await take_in(what, std::move(*plan), with.settings.tiktok, intake_until);
    if (!taken) co_return taken.error();

    actions::call c{.what = row,
                    .by = by,
                    .user = std::move(*user),
                    .with = with.actions,
                    .record = record,
                    .until = intake_until,
                    .now = what.arrived_wall};
    if (auto path = read_path(what, c); !path) co_return path.error();
    c.query = what.query;
    c.input = std::move(taken->input);
    c.body = std::move(taken->body);
    c.raw_body = std::move(taken->document);
    c.signature = std::string(what.signature);
    if (row.replays && what.has_idempotency_key) c.idempotency_key = std::string(what.idempotency_key);
    if (row.takes_time == actions::pace::upload) {
        const auto bytes = co_await bytes_to_send(with, c);
        c.until = until_for(bytes);
    }
    // As whom, and did they grant it: costs a look into the vault, no call of TikTok's.
    std::optional<tiktok::user_api> api;
    if (row.needs_connection) {
        const auto bound = co_await bind_tiktok(with, c, api);
        if (!bound) co_return bound.error();
    }
    // Replay last before the run: only what would be run can be repeated, and refusals above are not
    // remembered.
    co_return co_await run_once(with, c);
}

/// The fence around one request: a bug of ours costs this request and nobody else's (P12). The end of the
/// session is not a fault and passes.
task<outcome> fenced(const parts& with, const request& what, telemetry::call_record& record) {
    try {
        co_return co_await walk(with, what, record);
    } catch (const boost::system::system_error& thrown) {
        if (thrown.code() == boost::asio::error::operation_aborted) throw;
        co_return fault_of_ours(*what.what);
    } catch (const std::exception&) {
        co_return fault_of_ours(*what.what);
    }
}

/// Where it was the drain's deadline that ended a wait, and not the call's own, that is what the caller has
/// to know: another replica can do it (P01). What may have reached TikTok stays as it is.
void name_the_drain(outcome& out, const last_moment& calls_end) {
    const auto* why = std::get_if<failure>(&out);
    if (!why || steady_now() < calls_end.at()) return;
    const bool late = why->code() == errc::deadline_exceeded || why->code() == errc::request_timeout;
    if (!late || (why->details() && why->details()->may_have_reached_tiktok)) return;
    out = failure{errc::draining,
                  "This replica is shutting down and cut the call off; nothing was posted, send it again. "
                      + why->message()};
}

/// What a caller may not tell apart must not differ in details either (C27).
void level_absence(outcome& out) {
    const auto* why = std::get_if<failure>(&out);
    if (!why) return;
    const auto code = why->code();
    if (code == errc::user_not_connected || code == errc::no_such_file || code == errc::no_such_post)
        out = absent(code);
}

} // namespace

task<outcome> pipeline::serve(request& what, telemetry::call_record& record) {
    namespace this_coro = boost::asio::this_coro;
    // A write that has begun ends and is recorded, also when the client is gone (C16): the body's end or the
    // deadline stops it, never a cancelled wait.
    const bool writes = what.what->writes;
    if (writes) co_await this_coro::reset_cancellation_state(boost::asio::disable_cancellation());
    auto out = co_await fenced(with_, what, record);
    if (writes) co_await this_coro::reset_cancellation_state(boost::asio::enable_terminal_cancellation());
    name_the_drain(out, with_.calls_end);
    level_absence(out);
    if (const auto* why = std::get_if<failure>(&out)) {
        record.code = why->code();
        if (why->details()) record.refused_by = why->details()->scope;
    }
    co_return out;
}

} // namespace gateway::pipeline
