#include "pipeline/pipeline.hpp"

#include "api/call.hpp"
#include "api/problem.hpp"
#include "files/staged_file_store.hpp"
#include "idempotency/fingerprint.hpp"
#include "idempotency/run_once.hpp"
#include "posts/dry_run.hpp"
#include "store/ledger.hpp"
#include "telemetry/call_record.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/json/object.hpp>
#include <boost/system/system_error.hpp>

#include <exception>
#include <optional>

namespace gateway::pipeline {

/// The state of one call between its steps. Each step gives false when the call has ended, with `out`.
struct pipeline::flow {
    flow(pipeline& with_, const request& what_, telemetry::call_record& record_, api::outcome& out_)
        : with(with_), what(what_), record(record_), out(out_), book(with_.admission_.callers()) {}

    enum class readiness { ready, must_wait, ended };

    bool admit();
    task<bool> take_body();
    bool build_call();
    bool read_path();
    bool check_scope();
    readiness prepare_now();
    task<void> set_deadline();
    task<bool> prepare();
    task<bool> find_user();
    task<bool> read_rest_of_form();
    task<bool> prepare_keyed();
    task<void> prepare_or_refuse();
    task<bool> size_form();
    task<std::uint64_t> bytes_to_send() const;
    std::string fingerprint() const;
    task<api::outcome> perform();
    task<void> run_keyed();
    task<bool> look_for_key();
    task<void> run_dry();
    template <class T>
    bool passes(const result<T>& step) {
        if (!step) out = step.error();
        return step.has_value();
    }

    pipeline& with;
    const request& what;
    telemetry::call_record& record;
    api::outcome& out;
    std::shared_ptr<const caller_book> book; // kept to the end of the call, also if SIGHUP replaces it
    const settings::caller* by = nullptr;
    const waiting_party* party = nullptr; // null: the caller shares with nobody
    place_in_flight place;
    std::optional<milliseconds> requested_timeout;
    body_plan plan;
    deadline intake_until{steady_time{}};
    intake taken;
    std::optional<api::call> call;
    binding bound;
    bool is_refused = false; // the call can post nothing, if its key has no answer yet; `out` says why
};

/// The checks before the body is read, with the reasons for their order.
bool pipeline::flow::admit() {
    const auto& row = *what.what;
    // The caller, permissions, quota and user come before any other work.
    const auto admitted = with.admission_.admit(book, what, record, place);
    if (!passes(admitted)) return false;
    by = (*admitted)->who;
    party = (*admitted)->party;
    if (row.needs_connection) with.users_.prefetch(what.names->user);
    if (!what.path->at("publish_id").empty()) with.posts_.prefetch(what.names->user);
    // The deadline, since everything from here on may wait.
    const auto timeout = parse_timeout_header(what.timeout_seconds);
    if (!passes(timeout)) return false;
    requested_timeout = *timeout;
    if (row.replays && !passes(check_key(what))) return false;
    // The body: checked by the head alone first, then read as far as the inputs need, then all inputs at
    // once.
    const auto planned = plan_body(what);
    if (!passes(planned)) return false;
    plan = *planned;
    intake_until = with.times_.until(what, party, requested_timeout, what.content_length.value_or(0));
    return plan.shape != body_shape::none || passes(with.bodies_.take_query(what, taken));
}

/// Not in serve(), whose memory each call holds to its end.
task<bool> pipeline::flow::take_body() {
    auto got = co_await with.bodies_.take(what, plan, record.by, intake_until);
    if (!passes(got)) co_return false;
    taken = std::move(*got);
    co_return true;
}

/// The inputs are taken in.
bool pipeline::flow::build_call() {
    const auto& row = *what.what;
    auto& made = call.emplace(row, *by, what.names->user, what.names->post, *what.path, record, intake_until,
                              what.arrived_wall);
    if (!read_path()) return false;
    made.query = what.query;
    made.input = std::move(taken.input);
    made.body = std::move(taken.body);
    made.raw_body = std::move(taken.document);
    made.signature = what.signature;
    made.live = what.live;
    if (row.replays && what.has_idempotency_key) made.idempotency_key = what.idempotency_key;
    if (!row.waits_for.empty()) {
        const seconds waits{made.input.integer(row.waits_for)};
        if (waits > seconds{0}) made.until = with.times_.until(what, party, requested_timeout, 0, waits);
    }
    return true;
}

bool pipeline::flow::read_path() {
    what.names->post.assign_trusted({});
    const auto named = what.path->at("publish_id");
    if (named.empty()) return true; // the router refuses empty parameters
    if (!passes(check_publish_id(named, what.names->post))) return false;
    record.publish_id = what.names->post.text();
    return true;
}

/// Checks the row's scope against the acting user's granted scopes.
bool pipeline::flow::check_scope() {
    auto& c = *call;
    c.granted = bound.api->scopes();
    c.tiktok = &*bound.api;
    const auto scope = c.what.scope.of(c.input);
    return scope.empty() || passes(granted_any(scope, c.granted));
}

/// The bytes that this call may have to send, as far as known before any is read; for its deadline.
task<std::uint64_t> pipeline::flow::bytes_to_send() const {
    const auto& c = *call;
    if (taken.form && taken.form->buffered() == multipart_source::buffering::on_disk)
        co_return 2 * taken.form->size_bytes(); // received, then sent
    if (c.body.source) co_return c.body.source->size_bytes();
    if (const auto files = c.input.files("file_to_upload"); !files.empty()) {
        const auto found = co_await with.files_.find(c.caller(), files.front().id, c.now, c.until);
        co_return found ? found->size_bytes : 0; // a missing file is reported when it is opened
    }
    if (c.post.empty()) co_return 0;
    const auto found = co_await with.posts_.find(c.user, c.post, c.until);
    if (!found || !*found) co_return 0;
    co_return (*found)->size_bytes;
}

/// The steps between the inputs and the run, if none of them has to wait, which is the usual case.
pipeline::flow::readiness pipeline::flow::prepare_now() {
    const auto& row = *what.what;
    if (row.takes_time == api::deadline_class::upload || taken.form) return readiness::must_wait;
    if (!row.needs_connection) return readiness::ready;
    if (!with.users_.try_bind(*call, bound)) return readiness::must_wait;
    return check_scope() ? readiness::ready : readiness::ended;
}

/// With the bytes that it will send, an upload has its own deadline.
task<void> pipeline::flow::set_deadline() {
    if (call->what.takes_time != api::deadline_class::upload) co_return;
    const auto bytes = co_await bytes_to_send();
    call->until = with.times_.until(what, party, requested_timeout, bytes);
}

/// The acting user and the scopes: reads the vault, without a call to TikTok.
task<bool> pipeline::flow::find_user() {
    auto& c = *call;
    if (!with.users_.try_bind(c, bound)) {
        const auto found = co_await with.users_.bind(c, bound);
        if (!found && c.what.ledger_may_answer) {
            c.refused = found.error();
            co_return true;
        }
        if (!passes(found)) co_return false;
    }
    co_return check_scope();
}

/// The same steps, with waits.
task<bool> pipeline::flow::prepare() {
    co_await set_deadline();
    if (call->what.needs_connection) {
        const bool found = co_await find_user();
        if (!found) co_return false;
    }
    co_return co_await read_rest_of_form();
}

/// Reads a form to its end if only that shows whether it is valid, so that an invalid one causes no init.
task<bool> pipeline::flow::read_rest_of_form() {
    auto& c = *call;
    if (!taken.form || taken.form->is_whole()) co_return true;
    const auto whole = co_await with.bodies_.take_rest(*taken.form, c.caller(), c.until);
    c.body.staged_in = taken.form->staged_in();
    co_return passes(whole);
}

/// If a form does not give its file's size, it is known only at its end. What does not affect a replay is
/// reported only after the key was checked: the form then finds no room, or TikTok has to be waited for.
task<bool> pipeline::flow::size_form() {
    co_await set_deadline();
    auto& form = *taken.form;
    const auto whole = co_await with.bodies_.take_rest(form, call->caller(), call->until);
    call->body.staged_in = form.staged_in();
    if (whole) co_return true;
    const auto counted = co_await form.count(call->until);
    if (!passes(counted)) co_return false;
    out = whole.error();
    is_refused = true;
    co_return true;
}

std::string pipeline::flow::fingerprint() const {
    const auto& c = *call;
    const auto path = what.path->all_but("user_id");
    boost::json::object without_dry_run; // that input is no part of what is asked for
    const bool says_dry_run = c.input.has("dry_run");
    if (says_dry_run) {
        without_dry_run = c.input.values();
        const auto at = without_dry_run.find("dry_run");
        without_dry_run.stable_erase(at);
    }
    const idempotency::request_identity identity{
        .slug = c.what.slug,
        .user_id = c.user.text(),
        .path = path,
        .inputs = says_dry_run ? without_dry_run : c.input.values(),
        .file_bytes = c.body.source ? std::optional(c.body.source->size_bytes()) : std::nullopt,
        .content_digest = c.body.content_digest};
    return idempotency::fingerprint(identity);
}

/// Nothing is sent to TikTok before the call is prepared, so after an exception the key is free again.
task<bool> pipeline::flow::prepare_keyed() {
    try {
        co_return co_await prepare();
    } catch (const boost::system::system_error& thrown) {
        if (thrown.code() == boost::asio::error::operation_aborted) throw;
    } catch (const std::exception&) { // answered below
    }
    constexpr bool writes = false;
    out = api::internal_fault(writes);
    co_return false;
}

/// A refused call is run only for the parts of it that have an answer.
task<void> pipeline::flow::prepare_or_refuse() {
    if (is_refused) co_return;
    const bool prepared = co_await prepare_keyed();
    is_refused = !prepared;
}

task<api::outcome> pipeline::flow::perform() {
    co_await prepare_or_refuse();
    const auto* why = is_refused ? std::get_if<failure>(&out) : nullptr;
    if (is_refused && (!why || !call->what.parts_replay)) co_return std::move(out);
    if (why) call->refused = *why;
    auto done = co_await call->what.run(*call, with.tools_);
    if (!done) co_return done.error();
    co_return std::move(*done);
}

task<void> pipeline::flow::run_keyed() {
    is_refused = taken.refusal.has_value();
    if (is_refused) out = std::move(*taken.refusal);
    if (taken.form && !taken.form->knows_size()) {
        const bool sized = co_await size_form();
        if (!sized) co_return;
    }
    const auto& c = *call;
    // The answer of a whole call is stored as its envelope; only the parts of a batch have another form.
    idempotency::keyed_write key{.caller = c.caller(),
                                 .key = c.idempotency_key,
                                 .fingerprint = fingerprint(),
                                 .record = record,
                                 .recovers = {.from_post = c.what.recovers.from_post},
                                 .now = c.now,
                                 .until = c.until};
    auto write = perform();
    out = co_await with.keys_.run_once(std::move(key), std::move(write));
}

/// What the key of a dry run would answer; it is not claimed.
task<bool> pipeline::flow::look_for_key() {
    auto& c = *call;
    if (c.idempotency_key.empty()) co_return true;
    idempotency::keyed_write key{.caller = c.caller(),
                                 .key = c.idempotency_key,
                                 .fingerprint = fingerprint(),
                                 .record = record,
                                 .recovers = {},
                                 .now = c.now,
                                 .until = c.until};
    const auto state = co_await with.keys_.look(std::move(key));
    if (!passes(state)) co_return false;
    c.dry->key = state->name;
    if (state->why) c.dry->refusals.push_back(*state->why);
    co_return true;
}

/// As with or without a key, but a step that would refuse the post adds a reason, and the next one is taken.
task<void> pipeline::flow::run_dry() {
    auto& c = *call;
    c.dry.emplace();
    if (taken.refusal) c.dry->refusals.push_back(std::move(*taken.refusal));
    co_await set_deadline();
    const bool found = co_await find_user();
    if (!found) {
        const auto* why = std::get_if<failure>(&out);
        if (!why || !posts::is_reason(*why)) co_return;
        c.refused = *why;
        c.dry->refusals.push_back(*why);
    }
    const bool whole = co_await read_rest_of_form();
    if (!whole) co_return;
    const bool looked = co_await look_for_key();
    if (!looked) co_return;
    auto done = co_await c.what.run(c, with.tools_);
    if (passes(done)) out = std::move(*done);
}

namespace {

/// If the drain's deadline ended a wait, and not the call's own, says so in the answer, because another
/// replica can do the call (P01). A failure that may have reached TikTok is not changed.
void name_the_drain(api::outcome& out, const call_times& times) {
    const auto* why = std::get_if<failure>(&out);
    if (!why || !times.ended_by_drain(steady_now())) return;
    const bool late = why->code() == errc::deadline_exceeded || why->code() == errc::request_timeout;
    if (!late || (why->details() && why->details()->may_have_reached_tiktok)) return;
    out = failure{errc::draining,
                  "This replica is shutting down and cut the call off; nothing was posted, send it again. "
                      + why->message()};
}

/// Failures that callers must not be able to distinguish must not differ in details either (C27).
void mask_not_found(api::outcome& out) {
    const auto* why = std::get_if<failure>(&out);
    if (!why) return;
    const auto code = why->code();
    if (code == errc::user_not_connected || code == errc::no_such_file || code == errc::no_such_post)
        out = not_found(code);
}

void note_failure(const api::outcome& out, telemetry::call_record& record) {
    const auto* why = std::get_if<failure>(&out);
    if (!why) return;
    record.code = why->code();
    const auto* details = why->details();
    if (!details) return;
    record.refused_by = details->scope;
    if (!details->tiktok) return;
    record.tiktok_code = details->tiktok->code;
    if (!details->tiktok->log_id.empty()) record.log_id = details->tiktok->log_id;
}

} // namespace

pipeline::pipeline(const admission_parts& gate, body_intake bodies, call_times times, acting_users users,
                   store::ledger& posts, files::staged_file_store& files, idempotency::runner& keys,
                   api::tools tools)
    : admission_(gate),
      bodies_(bodies),
      times_(times),
      users_(users),
      posts_(posts),
      files_(files),
      keys_(keys),
      tools_(tools) {}

/// The order of a call, with the function of each step:
///  1. who calls, what they may do, their quota, for which user     admission::admit()
///  2. the deadline; the key's form                                 flow::admit()
///  3. the body, as far as the inputs reach                         body_intake::take()
///  4. the inputs                                                   flow::build_call()
///  5. with a key: is there an answer already                       flow::run_keyed()
///  6. the acting user, their token and scopes                      flow::prepare_now(), flow::prepare()
///  7. the action                                                   row::run
task<void> pipeline::serve(request& what, telemetry::call_record& record, api::outcome& out) {
    namespace this_coro = boost::asio::this_coro;
    // A write that has begun is completed and recorded, also if the client disconnects (C16): the body's end
    // or the deadline ends it, never a cancelled wait.
    if (what.what->writes) co_await this_coro::reset_cancellation_state(boost::asio::disable_cancellation());
    flow at(*this, what, record, out);
    // Catches exceptions of one request, so that a bug affects only this request (docs/code-rules.md §12).
    // The cancellation of the session is passed on.
    try {
        bool go_on = at.admit();
        if (go_on && at.plan.shape != body_shape::none) go_on = co_await at.take_body();
        go_on = go_on && at.build_call();
        if (go_on && what.what->replays && at.call->input.flag("dry_run")) {
            co_await at.run_dry();
        } else if (go_on && !at.call->idempotency_key.empty()) {
            // Replay before the acting user, because a replay needs neither a token nor a scope; and after
            // the inputs, which are part of the fingerprint.
            co_await at.run_keyed();
        } else if (go_on) {
            const auto prepared = at.prepare_now();
            go_on = prepared == flow::readiness::ready;
            if (prepared == flow::readiness::must_wait) go_on = co_await at.prepare();
            if (go_on) {
                auto done = co_await what.what->run(*at.call, tools_);
                if (at.passes(done)) out = std::move(*done);
            }
        }
    } catch (const boost::system::system_error& thrown) {
        if (thrown.code() == boost::asio::error::operation_aborted) throw;
        out = api::internal_fault(what.what->writes);
    } catch (const std::exception&) {
        out = api::internal_fault(what.what->writes);
    }
    if (what.what->writes)
        co_await this_coro::reset_cancellation_state(boost::asio::enable_terminal_cancellation());
    name_the_drain(out, times_);
    mask_not_found(out);
    note_failure(out, record);
}

} // namespace gateway::pipeline
