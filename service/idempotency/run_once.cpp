#include "idempotency/run_once.hpp"

#include "idempotency/fingerprint.hpp"
#include "idempotency/first_answer.hpp"
#include "runtime/body_source.hpp"
#include "telemetry/call_record.hpp"

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

#include <exception>
#include <optional>
#include <string>
#include <utility>

namespace gateway::idempotency {
namespace {

/// What was done must be written down even when the call's own time is over.
deadline time_to_remember() {
    return deadline::in(steady_now(), seconds{5});
}

std::string identity_of(const api::call& c) {
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
bool is_final(const api::outcome& out) {
    if (const auto* why = std::get_if<failure>(&out)) return must_be_remembered(*why);
    const auto* answer = std::get_if<api::answer>(&out);
    const auto* object = answer ? std::get_if<api::object>(answer) : nullptr;
    return !object || object->partial_failure.empty();
}

/// Behind a fence of its own: how a write with a key ended must be remembered whatever happened.
task<api::outcome> run_fenced(api::call& c) {
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

} // namespace

failure fault_of_ours(const api::row& what) {
    failure why{errc::internal,
                "Something went wrong inside the gateway; the request_id finds it in the log."};
    return what.writes ? std::move(why).may_have_reached_tiktok() : why;
}

task<api::outcome> run_once(store::store& store, api::call& c) {
    first_answer first{store, caller_name::trusted(c.by.name), c.idempotency_key, identity_of(c),
                       c.record.request_id};
    auto earlier = co_await first.claim(c.now, c.until);
    if (!earlier) co_return earlier.error();
    if (*earlier) {
        c.record.replayed = true;
        api::replay again{.status = (*earlier)->status, .envelope = std::move((*earlier)->answer)};
        co_return again;
    }
    auto out = co_await run_fenced(c);
    if (is_final(out)) {
        std::string envelope;
        const int status = api::write_envelope(envelope, out, c.record.request_id);
        // Should this fail, the key stays taken: a later call hears in_progress, and nothing is done twice.
        (void)co_await first.remember(status, std::move(envelope), time_to_remember());
    } else {
        (void)co_await first.forget(time_to_remember());
    }
    co_return out;
}

} // namespace gateway::idempotency
