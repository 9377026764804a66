#include "pipeline/pipeline.hpp"

#include "api/call.hpp"
#include "files/shelf.hpp"
#include "idempotency/run_once.hpp"
#include "pipeline/acting.hpp"
#include "pipeline/admission.hpp"
#include "pipeline/intake.hpp"
#include "store/store.hpp"
#include "telemetry/call_record.hpp"
#include "user_api/bound_api.hpp"
#include "user_api/services.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>

#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace gateway::pipeline {
namespace {

/// The bytes this call may have to send, as far as they are known before any is read: for its deadline.
task<std::uint64_t> bytes_to_send(const parts& with, const multipart_source* form, const api::call& c) {
    if (form && form->goes() == multipart_source::way::staged)
        co_return 2 * form->size_bytes(); // in, then out
    if (c.body.source) co_return c.body.source->size_bytes();
    if (const auto files = c.input.files("file_to_upload"); !files.empty()) {
        const auto found = co_await with.actions.files.find(caller_name::trusted(c.by.name), files.front().id,
                                                            c.now, c.until);
        co_return found ? found->size_bytes : 0; // that it is missing is said by whoever opens it
    }
    if (c.post.empty()) co_return 0;
    const auto found = co_await with.store.find_post(c.user, c.post, c.until);
    if (!found || !*found) co_return 0;
    co_return (*found)->size_bytes;
}

result<void> read_path(const request& what, api::call& c) {
    what.names->post.assign_trusted({});
    if (!what.publish_id.empty()) { // the router lets no parameter be empty
        if (const auto good = check_publish_id(what.publish_id, what.names->post); !good) return good.error();
        c.record.publish_id = c.post.text();
    }
    if (!what.file_id.empty()) {
        auto file = check_file_id(what.file_id);
        if (!file) return file.error();
        c.file = std::move(*file);
    }
    c.asset = what.asset;
    return {};
}

/// Holds the row's scope against what the acting user granted.
result<void> check_scope(api::call& c, user_api::bound_api& api) {
    c.granted = api.scopes();
    c.tiktok = &api;
    if (!c.what.scope) return {};
    return granted_any(c.what.scope(c.input), c.granted);
}

} // namespace

/// What one call carries from step to step; what waits is in serve(). Each step gives false when the call has
/// ended, with `out`.
struct journey {
    journey(const parts& with_, const request& what_, telemetry::call_record& record_, outcome& out_)
        : with(with_), what(what_), record(record_), out(out_), book(with_.callers) {}

    bool admit();
    bool set_out();
    bool bind_now();
    bool bound();
    deadline until_for(std::uint64_t bytes) const;
    template <class T>
    bool passes(const result<T>& step) {
        if (!step) out = step.error();
        return step.has_value();
    }

    const parts& with;
    const request& what;
    telemetry::call_record& record;
    outcome& out;
    std::shared_ptr<const caller_book> book; // held to the end of the call, whatever SIGHUP brings meanwhile
    const settings::caller* by = nullptr;
    std::optional<milliseconds> wish;
    body_plan plan;
    deadline intake_until{steady_time{}};
    intake taken;
    std::optional<api::call> call;
    user_id acting; // for whom `api` works, where that is not the user of the path
    std::optional<user_api::bound_api> api;
};

deadline journey::until_for(std::uint64_t bytes) const {
    const auto own =
        deadline::in(what.arrived, allowed_time(what.what->takes_time, bytes, with.settings.deadlines));
    const auto until = wish ? own.no_later_than(deadline::in(what.arrived, *wish)) : own;
    return until.under(with.calls_end);
}

/// The order, with the reason for each place.
bool journey::admit() {
    const auto& row = *what.what;
    // Who calls: first, since all that follows is theirs, and strangers shall cost nothing.
    const auto who = identify(book, what);
    if (!who) {
        out = refuse_unknown_key(with.unknown_keys, what, who.error());
        return false;
    }
    by = (*who)->who;
    if (row.opened_by == api::door::caller) {
        record.caller = by->name;
        // What they may do, before what they may consume: a refusal for good is not worth a request of the
        // quota.
        if (!passes(may_do(*by, row))) return false;
        // Their quota, before anything that costs us.
        const auto quota = take_quota(with.quotas, **who, what.arrived);
        if (!passes(quota)) return false;
        record.caller_quota = *quota;
    }
    // For whom: before inputs are looked at, so that somebody else's users stay as unknown as users who do
    // not exist.
    if (!passes(may_act_for(*by, what))) return false;
    record.user = what.names->user.text();
    if (row.needs_connection) with.tiktok.expect(what.names->user);
    if (!what.publish_id.empty()) with.store.expect_post(what.names->user);
    // How long: everything from here on may wait.
    const auto wished = wished_timeout(what.timeout_seconds);
    if (!passes(wished)) return false;
    wish = *wished;
    if (row.replays && !passes(check_key(what))) return false;
    // The body: judged by its head alone first, then read as far as the inputs reach, then all inputs at
    // once.
    auto planned = plan_body(what);
    if (!passes(planned)) return false;
    plan = std::move(*planned);
    intake_until = until_for(what.content_length.value_or(0));
    return plan.shape != body_shape::none || passes(take_in_query(what, with.settings.tiktok, taken));
}

/// The inputs are taken in.
bool journey::set_out() {
    const auto& row = *what.what;
    auto& made = call.emplace(row, *by, what.names->user, what.names->post, with.actions, record,
                              intake_until, what.arrived_wall);
    if (!passes(read_path(what, made))) return false;
    made.query = what.query;
    made.input = std::move(taken.input);
    made.body = std::move(taken.body);
    made.raw_body = std::move(taken.document);
    made.signature = what.signature;
    if (row.replays && what.has_idempotency_key) made.idempotency_key = what.idempotency_key;
    return true;
}

/// As whom, where that needs no wait, which is nearly always.
bool journey::bind_now() {
    if (call->input.has("creator_id")) return false;
    api.emplace(with.tiktok, call->user, record, call->until);
    return api->bind_now();
}

/// Did they grant it.
bool journey::bound() {
    return passes(check_scope(*call, *api));
}

namespace {

/// Whom the call acts for at TikTok, where that, or their token, has to be waited for.
task<result<void>> bind_tiktok(journey& at) {
    auto& c = *at.call;
    auto creator_id = c.input.text("creator_id");
    auto user =
        co_await acting_user(at.with.actions.connections, c.by, c.user, std::move(creator_id), c.until);
    if (!user) co_return user.error();
    at.acting = std::move(*user);
    at.api.emplace(at.with.tiktok, at.acting, c.record, c.until);
    if (at.api->bind_now()) co_return result<void>{};
    co_return co_await at.api->bind();
}

task<result<void>> take_in_form(journey& at) {
    auto& c = *at.call;
    form_room room{at.with.tiktok.memory, at.with.actions.files, caller_name::trusted(c.by.name),
                   at.with.settings.uploads.keep_hours};
    const auto whole = co_await take_in_rest(*at.taken.form, std::move(room), c.until);
    c.body.staged_in = at.taken.form->staged_in();
    co_return whole;
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

pipeline::pipeline(parts with) : with_(std::move(with)) {}

task<void> pipeline::serve(request& what, telemetry::call_record& record, outcome& out) {
    namespace this_coro = boost::asio::this_coro;
    // A write that has begun ends and is recorded, also when the client is gone (C16): the body's end or the
    // deadline stops it, never a cancelled wait.
    const bool writes = what.what->writes;
    if (writes) co_await this_coro::reset_cancellation_state(boost::asio::disable_cancellation());
    journey at(with_, what, record, out);
    const auto& row = *what.what;
    // The fence around one request: a bug of ours costs this request and nobody else's (docs/code-rules.md
    // §12). The end of the session is not a fault and passes.
    try {
        bool go_on = at.admit();
        if (go_on && at.plan.shape != body_shape::none) {
            auto taken =
                co_await take_in(what, at.plan, with_.settings.tiktok, with_.tiktok.memory, at.intake_until);
            go_on = at.passes(taken);
            if (go_on) at.taken = std::move(*taken);
        }
        go_on = go_on && at.set_out();
        if (go_on && row.takes_time == api::pace::upload) {
            const auto bytes = co_await bytes_to_send(with_, at.taken.form.get(), *at.call);
            at.call->until = at.until_for(bytes);
        }
        // As whom, and did they grant it: costs a look into the vault, no call of TikTok's.
        if (go_on && row.needs_connection) {
            if (!at.bind_now()) {
                const auto bound = co_await bind_tiktok(at);
                go_on = at.passes(bound);
            }
            go_on = go_on && at.bound();
        }
        // The form to its end, where only that tells whether it is one: what is refused costs no init.
        if (go_on && at.taken.form) {
            const auto whole = co_await take_in_form(at);
            go_on = at.passes(whole);
        }
        // Replay last before the run: only what would be run can be repeated, and refusals above are not
        // remembered.
        if (go_on && !at.call->idempotency_key.empty()) {
            out = co_await idempotency::run_once(with_.store, *at.call);
        } else if (go_on) {
            auto done = co_await row.run(*at.call);
            if (at.passes(done)) out = std::move(*done);
        }
    } catch (const boost::system::system_error& thrown) {
        if (thrown.code() == boost::asio::error::operation_aborted) throw;
        out = idempotency::fault_of_ours(row);
    } catch (const std::exception&) {
        out = idempotency::fault_of_ours(row);
    }
    if (writes) co_await this_coro::reset_cancellation_state(boost::asio::enable_terminal_cancellation());
    name_the_drain(out, with_.calls_end);
    level_absence(out);
    if (const auto* why = std::get_if<failure>(&out)) {
        record.code = why->code();
        if (why->details()) record.refused_by = why->details()->scope;
    }
}

} // namespace gateway::pipeline
