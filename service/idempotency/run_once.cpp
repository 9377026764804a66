#include "idempotency/run_once.hpp"

#include "api/problem.hpp"
#include "idempotency/key_claim.hpp"
#include "telemetry/call_record.hpp"

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

#include <exception>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace gateway::idempotency {
namespace {

constexpr char part_mark = '\x1f';

/// The result must be stored even if the call's deadline has passed; but the caller waits meanwhile.
deadline time_to_remember() {
    return deadline::in(steady_now(), seconds{2});
}

constexpr std::string_view not_stored_yet =
    "This answer could not be stored yet for its Idempotency-Key. The gateway goes on trying; if it ends "
    "before, the key answers outcome_unknown.";

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
                                         "effect is not known. Look before you try again.")
                                     .may_have_reached_tiktok();
    std::string answer;
    const int status = what.recovers.write(answer, unknown, what.record.request_id);
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

/// An answer that is not durable says so, also when it is given again.
task<void> remember_answer(key_claim& claim, const keyed_write& what, api::outcome& out) {
    std::string answer;
    int status = what.recovers.write(answer, out, what.record.request_id);
    const auto stored = co_await claim.finish(status, answer, time_to_remember());
    if (stored) co_return;
    what.record.undurable = true;
    if (auto* told = std::get_if<api::answer>(&out)) api::add_warning(*told, not_stored_yet);
    answer.clear();
    status = what.recovers.write(answer, out, what.record.request_id);
    claim.finish_later(status, std::move(answer));
}

/// If this fails, the key stays claimed: a later call gets in_progress, and nothing is done twice. What it
/// needs is memory of a call that has ended, so an exception is tried again once.
task<void> remember(key_claim& claim, const keyed_write& what, api::outcome& out) {
    for (int tries = 0; tries < 2; ++tries) {
        try {
            if (is_final(out))
                co_await remember_answer(claim, what, out);
            else
                (void)co_await claim.release(time_to_remember());
            co_return;
        } catch (const std::bad_alloc&) { // again
        }
    }
}

/// An answer that told a doubt. A call has such an answer only if it may have had an effect.
bool is_in_doubt(const store::idempotency_record& found) {
    return found.status != 200;
}

/// What the ledger knows by now of a post whose call is in doubt; nothing if that is no more than the key's
/// answer tells.
std::optional<api::outcome> news_of(const std::optional<store::post_record>& post,
                                    const store::idempotency_record& found, const keyed_write& what) {
    if (!post || post->id.empty()) return std::nullopt;
    const bool has_ended = post->state == store::post_state::settled;
    const bool lacks_id = found.status == http_status(errc::outcome_unknown)
                          && found.answer.find(post->id.text()) == std::string::npos;
    if (!has_ended && !lacks_id) return std::nullopt;
    return what.recovers.from_post(*post, api::asked_of_ledger::in_doubt);
}

} // namespace

/// TikTok is not asked: whoever asks for the status of the post, or TikTok's webhook, brings the news.
task<api::replay> runner::replay_of(store::idempotency_record found, const keyed_write& what) {
    what.record.replayed = true;
    api::replay out{.status = found.status, .envelope = std::move(found.answer)};
    if (!is_in_doubt(found) || !what.recovers.from_post) co_return out;
    found.answer = out.envelope;
    const auto post = co_await keys_.post_of(found, what.until);
    const auto news = post ? news_of(*post, found, what) : std::nullopt;
    if (!news) co_return out;
    out.envelope.clear();
    out.status = what.recovers.write(out.envelope, *news, found.request_id);
    co_return out;
}

task<api::outcome> runner::run_once(keyed_write what, task<api::outcome> write) {
    key_claim claim{keys_, what.caller, what.key, what.fingerprint, what.record.request_id};
    prepare_for_crash(claim, what);
    auto earlier = co_await take_or_release(claim, what.now, what.until);
    if (!earlier) co_return earlier.error();
    if (*earlier) co_return co_await replay_of(std::move(**earlier), what);
    auto out = co_await run_fenced(std::move(write));
    co_await remember(claim, what, out);
    co_return out;
}

task<std::optional<api::outcome>> runner::earlier(keyed_write what) {
    key_claim claim{keys_, what.caller, what.key, what.fingerprint, what.record.request_id};
    auto found = co_await claim.look(what.now, what.until);
    if (!found) co_return api::outcome{found.error()};
    if (!*found) co_return std::nullopt;
    auto out = co_await replay_of(std::move(**found), what);
    co_return api::outcome{std::move(out)};
}

task<result<key_state>> runner::look(keyed_write what) {
    const auto found = co_await keys_.find(what.caller, what.key, what.now, what.until);
    if (!found) co_return found.error();
    key_state out{.name = "free", .why = {}};
    if (!*found) co_return out;
    out.name = (*found)->finished ? "finished" : "in_progress";
    key_claim claim{keys_, what.caller, what.key, what.fingerprint, what.record.request_id};
    const auto meets = co_await claim.look(what.now, what.until);
    if (!meets) out.why = meets.error();
    co_return out;
}

std::string key_of_part(std::string_view key, std::size_t index) {
    return std::string(key) + part_mark + std::to_string(index);
}

bool must_be_remembered(const failure& why) {
    return why.code() == errc::outcome_unknown || (why.details() && why.details()->may_have_reached_tiktok);
}

} // namespace gateway::idempotency
