#include "idempotency/run_once.hpp"

#include "api/problem.hpp"
#include "idempotency/key_claim.hpp"

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

#include <exception>
#include <new>
#include <optional>
#include <string>
#include <utility>

namespace gateway::idempotency {
namespace {

constexpr char part_mark = '\x1f';

/// The result must be stored even if the call's deadline has passed.
deadline time_to_remember() {
    return deadline::in(steady_now(), seconds{5});
}

/// Whether the answer is final: refusals without effect and partly failed batches may be tried again.
bool is_final(const api::outcome& out) {
    if (const auto* why = std::get_if<failure>(&out)) return must_be_remembered(*why);
    const auto* answer = std::get_if<api::answer>(&out);
    const auto* object = answer ? std::get_if<api::object>(answer) : nullptr;
    return !object || object->partial_failure.empty();
}

/// An exception is an outcome, too: how far the write came is unknown, so it must not be repeated.
task<api::outcome> run_fenced(task<api::outcome> write) {
    try {
        co_return co_await std::move(write);
    } catch (const boost::system::system_error& thrown) {
        if (thrown.code() == boost::asio::error::operation_aborted) throw; // the session is cancelled
    } catch (const std::exception&) {                                      // answered below
    }
    constexpr bool writes = true;
    co_return api::internal_fault(writes);
}

/// For a row that begins no post, the effect of a crashed call cannot be found out later.
void prepare_for_crash(key_claim& claim, const keyed_write& what) {
    if (what.recovers.from_post) return;
    const api::outcome unknown = failure(errc::outcome_unknown,
                                         "The gateway ended in the middle of this call; whether it had an "
                                         "effect is not known.")
                                     .may_have_reached_tiktok();
    std::string answer;
    const int status = what.recovers.write(answer, unknown, what.request_id);
    claim.answer_after_crash(status, std::move(answer));
}

/// An exception after the store has claimed the key must not leave it claimed.
task<result<std::optional<store::idempotency_record>>> take_or_release(key_claim& claim, wall_time now,
                                                                       deadline until) {
    try {
        co_return co_await claim.take(now, until);
    } catch (const std::bad_alloc&) { // below
    }
    (void)co_await claim.release(time_to_remember());
    constexpr bool writes = false;
    co_return api::internal_fault(writes);
}

/// If this fails, the key stays claimed: a later call gets in_progress, and nothing is done twice. What it
/// needs is memory of a call that has ended, so an exception is tried again once.
task<void> remember(key_claim& claim, const keyed_write& what, const api::outcome& out) {
    for (int tries = 0; tries < 2; ++tries) {
        try {
            if (is_final(out)) {
                std::string answer;
                const int status = what.recovers.write(answer, out, what.request_id);
                (void)co_await claim.finish(status, std::move(answer), time_to_remember());
            } else {
                (void)co_await claim.release(time_to_remember());
            }
            co_return;
        } catch (const std::bad_alloc&) { // again
        }
    }
}

} // namespace

task<api::outcome> runner::run_once(keyed_write what, task<api::outcome> write) {
    key_claim claim{keys_, what.caller, std::move(what.key), std::move(what.fingerprint), what.request_id};
    prepare_for_crash(claim, what);
    auto earlier = co_await take_or_release(claim, what.now, what.until);
    if (!earlier) co_return earlier.error();
    if (*earlier) {
        api::replay again{.status = (*earlier)->status, .envelope = std::move((*earlier)->answer)};
        co_return again;
    }
    auto out = co_await run_fenced(std::move(write));
    co_await remember(claim, what, out);
    co_return out;
}

std::string key_of_part(std::string_view key, std::size_t index) {
    return std::string(key) + part_mark + std::to_string(index);
}

bool must_be_remembered(const failure& why) {
    return why.code() == errc::outcome_unknown || (why.details() && why.details()->may_have_reached_tiktok);
}

} // namespace gateway::idempotency
