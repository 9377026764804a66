#include "user_api/bound_api.hpp"

#include "base/backoff.hpp"
#include "base/failpoint.hpp"
#include "runtime/waiter.hpp"
#include "telemetry/call_record.hpp"
#include "telemetry/recorder.hpp"
#include "tiktok/api_call.hpp"
#include "tiktok/error_table.hpp"
#include "tiktok/requests.hpp"
#include "tokens/refresh_policy.hpp"
#include "tokens/token_service.hpp"
#include "user_api/api_client.hpp"
#include "user_api/call_outcome.hpp"
#include "user_api/chunk_sender.hpp"
#include "user_api/retry_policy.hpp"
#include "user_api/window_refusals.hpp"

#include <utility>

namespace gateway::user_api {
namespace {

std::string_view log_id_of(const result<tiktok::document>& answer) {
    if (answer) return answer->log_id();
    const auto* const more = answer.error().details();
    return more && more->tiktok ? std::string_view(more->tiktok->log_id) : std::string_view{};
}

bool is_rate_limit(const call_outcome& out) {
    return !out.answer && out.answered && out.answer.error().code() == errc::rate_limited
           && out.answer.error().details()->scope == limit_scope::tiktok_user;
}

/// TikTok does not document whether it counts some calls per token or per app (docs/tiktok-wire.md W1). If
/// the user's own window still had slots, the app's limit was reached.
failure limit_of_the_app(const failure& said) {
    const auto& more = *said.details();
    failure out = failure(errc::rate_limited,
                          "TikTok's rate limit for the whole app is reached; this user's own calls "
                          "are within theirs.")
                      .scope(limit_scope::tiktok_app)
                      .tiktok(*more.tiktok);
    if (!more.retry_after) return out;
    return std::move(out).retry_after(*more.retry_after);
}

} // namespace

bound_api::bound_api(api_client& shared, const user_id& user, telemetry::call_record& record, deadline until)
    : shared_(shared), user_(user), record_(record), until_(until) {}

telemetry::recorder& bound_api::recorder() const {
    return shared_.recorder_;
}

bool bound_api::try_bind() {
    bound_at_ = coarse_wall_now();
    bound_ = ready(bound_at_);
    if (!bound_) return false;
    // A prefetch, because it is sent soon and, with many users, is not in the processor's cache.
    __builtin_prefetch(bound_->access_token.reveal().data());
    return true;
}

task<result<void>> bound_api::bind() {
    if (try_bind()) co_return result<void>();
    auto asked = co_await wait_for_tokens();
    if (!asked) co_return asked.error();
    bound_ = std::move(*asked);
    bound_at_ = coarse_wall_now();
    co_return result<void>();
}

std::span<const std::string> bound_api::scopes() const {
    return bound_->scopes();
}

vault::shared_tokens bound_api::ready(wall_time now) const {
    auto found = shared_.tokens_.ready(user_, now);
    if (found && !is_of_required_account(*found)) found.reset();
    return found;
}

/// The tokens in memory, and the list by which this user was chosen, may be older than a change of the
/// account, so the store is asked once more.
task<result<vault::shared_tokens>> bound_api::wait_for_tokens() {
    auto asked = co_await shared_.tokens_.access(user_, until_, record_.by);
    if (!asked || is_of_required_account(**asked)) co_return asked;
    const auto newest = co_await shared_.tokens_.read_again(user_, until_);
    if (!newest) co_return newest.error();
    asked = co_await shared_.tokens_.access(user_, until_, record_.by);
    if (asked && !is_of_required_account(**asked)) co_return creator_not_connected();
    co_return asked;
}

vault::shared_tokens bound_api::tokens_now() const {
    const auto now = coarse_wall_now();
    // If the tokens were found in the same few milliseconds and not refused since, another lookup would give
    // the same.
    const bool just_found = bound_ && now == bound_at_;
    return just_found && tokens::is_good(*bound_, now) ? bound_ : ready(now);
}

void bound_api::note_refusal(tiktok::endpoint which, const failure& why) {
    if (why.code() == errc::rate_limited && why.details() && why.details()->scope)
        shared_.recorder_.rate_limited(*why.details()->scope, tiktok::row_of(which).name);
}

/// A slot is taken and given back at once: that asks the store, too, if this replica's share is used up.
task<result<limits::quota_status>> bound_api::window_of(tiktok::endpoint which) {
    const auto kind = static_cast<std::uint8_t>(which);
    auto taken = shared_.windows_.take(user_.text(), kind, steady_now(), until_);
    if (std::holds_alternative<windows::must_ask>(taken)) {
        std::string key = user_.text();
        taken = co_await shared_.windows_.ask(std::move(key), kind, until_);
    }
    if (const auto* away = std::get_if<windows::store_unavailable>(&taken))
        co_return limits_are_away(away->wait);
    if (auto* slot = std::get_if<limits::permit>(&taken)) {
        slot->give_back();
        record_.user_window = slot->status(steady_now());
    } else {
        record_.user_window = std::get<limits::no_slot>(taken).status;
    }
    co_return *record_.user_window;
}

task<result<limits::permit>> bound_api::wait_for_slot(tiktok::endpoint which,
                                                      windows::shared_windows::taken taken) {
    const auto kind = static_cast<std::uint8_t>(which);
    for (steady_time now = steady_now();; now = steady_now()) {
        if (std::holds_alternative<windows::must_ask>(taken)) {
            std::string key = user_.text();
            taken = co_await shared_.windows_.ask(std::move(key), kind, until_);
        }
        if (auto* slot = std::get_if<limits::permit>(&taken)) co_return std::move(*slot);
        if (const auto* away = std::get_if<windows::store_unavailable>(&taken))
            co_return limits_are_away(away->wait);
        const auto& refused = std::get<limits::no_slot>(taken);
        record_.user_window = refused.status;
        if (!waits_for_slots_ || until_.passed(now + refused.wait)) {
            failure f = window_is_full(which, refused);
            note_refusal(which, f);
            co_return f;
        }
        co_await pause_until(deadline::in(now, refused.wait));
        taken = shared_.windows_.take(user_.text(), kind, steady_now(), until_);
    }
}

task<result<tiktok::document>> bound_api::call(tiktok::api_request what) {
    const auto& row = tiktok::row_of(what.which);
    const auto kind = static_cast<std::uint8_t>(what.which);
    shared_.budget_.earn();
    tries so_far;
    auto over = outbound::connection_choice::any;
    vault::shared_tokens tokens = tokens_now();
    for (;;) {
        if (!tokens) {
            auto asked = co_await wait_for_tokens();
            if (!asked) co_return asked.error();
            tokens = std::move(*asked);
        }
        steady_time began = steady_now();
        auto taken = shared_.windows_.take(user_.text(), kind, began, until_);
        if (!std::holds_alternative<limits::permit>(taken)) {
            auto waited = co_await wait_for_slot(what.which, std::move(taken));
            if (!waited) co_return waited.error();
            taken = std::move(*waited);
            began = steady_now();
        }
        auto& slot = std::get<limits::permit>(taken);
        call_outcome out;
        const auto token = tokens->access_token.reveal();
        {
            auto request = shared_.buffers_.take();
            tiktok::write_request(request->bytes, shared_.api_, what, token);
            auto reply = co_await shared_.client_.send(slot, shared_.api_, request->bytes.reveal(), until_,
                                                       record_.by, over);
            shared_.buffers_.give(std::move(request));
            slot.prefetch();
            note_reply(out, shared_.recorder_, what.which, std::move(reply), token, began);
        }
        if (row.repeats == tiktok::repeat_class::unsafe) failpoint("post.init_answered");
        note(out);
        const retry_decision next = decide(out, row.repeats, so_far);
        settle_slot(slot, what.which, out, next);
        if (out.answer) {
            tokens->accepted.note(kind);
            co_return std::move(out.answer);
        }
        if (next.what == retry_step::give_up) {
            note_refusal(what.which, out.answer.error());
            co_return std::move(out.answer);
        }
        over = outbound::connection_choice::any;
        if (next.what == retry_step::again_at_once) {
            ++so_far.stale;
            over = outbound::connection_choice::new_one;
        } else if (next.what == retry_step::refresh) {
            auto fresh = co_await refresh(tokens, kind);
            if (!fresh) co_return with_words_of(out.answer.error(), fresh.error());
            ++so_far.token_refusals;
            bound_at_ = {}; // the set is kept for its scopes, but not sent again
            tokens = is_of_required_account(**fresh) ? std::move(*fresh) : nullptr;
        } else {
            ++so_far.repeats;
            co_await pause_until(deadline::in(out.ended, next.wait));
            tokens = ready(wall_now());
        }
    }
}

/// Also closes the window, here and on the other replicas, if TikTok says 429.
void bound_api::settle_slot(limits::permit& slot, tiktok::endpoint which, call_outcome& out,
                            const retry_decision& next) {
    milliseconds close_for{0};
    if (is_rate_limit(out)) {
        close_for =
            next.what == retry_step::again ? next.wait : out.named_wait.value_or(tiktok::rate_limit_wait);
        if (tiktok::row_of(which).may_be_counted_per_app && slot.status(out.ended).remaining > 0)
            out.answer = limit_of_the_app(out.answer.error());
    }
    record_.user_window = settle(slot, out);
    if (close_for.count() == 0) return; // the usual case
    slot.close_until(out.ended + close_for);
    record_.user_window = slot.status(out.ended);
    shared_.windows_.announce_closed(user_.text(), static_cast<std::uint8_t>(which), close_for);
}

retry_decision bound_api::decide(const call_outcome& out, tiktok::repeat_class repeats, const tries& so_far) {
    if (out.answer) return {};
    const auto left = until_.left(out.ended);
    if (out.was_stale && repeats_at_once(repeats, so_far, left)) return {retry_step::again_at_once};
    return decide_retry(out.answer.error(), repeats, so_far, out.named_wait, out.ended, left,
                        waits_for_slots_, random_unit(), shared_.budget_);
}

task<result<vault::shared_tokens>> bound_api::refresh(vault::shared_tokens refused, unsigned kind) {
    return shared_.tokens_.refresh_after_401(user_, std::move(refused), kind, until_, record_.by);
}

void bound_api::note(const call_outcome& out) {
    ++record_.upstream_calls;
    record_.upstream_time += out.took;
    const auto said = log_id_of(out.answer);
    if (!said.empty()) record_.log_id = said;
}

task<result<tiktok::creator>> bound_api::creator_info() {
    auto what = tiktok::creator_info_request();
    auto answer = co_await call(std::move(what));
    if (!answer) co_return answer.error();
    co_return tiktok::read_creator(std::move(*answer));
}

task<result<tiktok::started_post>> bound_api::start_post(tiktok::api_request init, bool uploads) {
    auto answer = co_await call(std::move(init));
    if (!answer) co_return answer.error();
    co_return tiktok::read_started_post(*answer, uploads);
}

task<result<tiktok::post_status>> bound_api::fetch_status(const publish_id& id) {
    auto what = tiktok::status_request(id);
    auto answer = co_await call(std::move(what));
    if (!answer) co_return answer.error();
    co_return tiktok::read_post_status(std::move(*answer));
}

task<result<std::unique_ptr<chunk_sender>>> bound_api::prepare_upload(body_source& from,
                                                                      const tiktok::chunk_plan& plan) {
    return chunk_sender::prepare(shared_, *this, from, plan);
}

failure creator_not_connected() {
    std::vector<field_fault> faults{{"creator_id",
                                     "is neither this user's open_id nor that of another connected user "
                                     "this key may use"}};
    return failure{
        errc::creator_not_authorized,
        "TikTok lists the videos of connected users only, and this creator is none that this key may use."}
        .fields(std::move(faults));
}

} // namespace gateway::user_api
