#include "user_api/account_check.hpp"

#include "tiktok/api_call.hpp"
#include "tiktok/error_table.hpp"
#include "tiktok/requests.hpp"
#include "user_api/api_client.hpp"
#include "user_api/call_outcome.hpp"
#include "user_api/retry_policy.hpp"
#include "user_api/window_refusals.hpp"

#include <utility>
#include <variant>

namespace gateway::user_api {
namespace {

constexpr auto kind = static_cast<std::uint8_t>(tiktok::endpoint::user_info);

/// Neither says anything about who the user is; a refresh may.
bool is_about_the_token(const failure& why) {
    if (why.code() == errc::missing_scope) return true;
    return why.details() && why.details()->tiktok && tiktok::is_token_refusal(*why.details()->tiktok);
}

} // namespace

task<result<limits::permit>> account_check::take_slot(const user_id& user, deadline until) {
    auto taken = shared_.windows_.take(user.text(), kind, steady_now(), until);
    if (std::holds_alternative<windows::must_ask>(taken)) {
        std::string key = user.text();
        taken = co_await shared_.windows_.ask(std::move(key), kind, until);
    }
    if (auto* const slot = std::get_if<limits::permit>(&taken)) co_return std::move(*slot);
    if (const auto* const away = std::get_if<windows::store_unavailable>(&taken))
        co_return limits_are_away(away->wait);
    co_return window_is_full(tiktok::endpoint::user_info, std::get<limits::no_slot>(taken));
}

task<void> account_check::send(limits::permit& slot, outbound::connection_choice over,
                               const secret& access_token, deadline until, call_outcome& out) {
    const auto began = steady_now();
    const auto what = tiktok::user_info_request("open_id");
    auto request = shared_.buffers_.take();
    tiktok::write_request(request->bytes, shared_.api_, what, access_token.reveal());
    auto reply =
        co_await shared_.client_.send(slot, shared_.api_, request->bytes.reveal(), until, until.by(), over);
    shared_.buffers_.give(std::move(request));
    note_reply(out, shared_.recorder_, what.which, std::move(reply), access_token.reveal(), began);
}

task<result<std::optional<open_id>>> account_check::ask(user_id user, secret access_token, deadline until) {
    call_outcome out;
    auto over = outbound::connection_choice::any;
    for (tries so_far;; ++so_far.stale) {
        auto slot = co_await take_slot(user, until);
        if (!slot) co_return slot.error();
        out = {};
        co_await send(*slot, over, access_token, until, out);
        settle(*slot, out);
        over = outbound::connection_choice::new_one;
        const auto left = until.left(out.ended);
        if (!out.was_stale || !repeats_at_once(tiktok::repeat_class::safe, so_far, left)) break;
    }
    std::optional<open_id> whose;
    if (!out.answer) {
        if (is_about_the_token(out.answer.error())) co_return whose;
        co_return out.answer.error();
    }
    auto named = tiktok::read_account(*out.answer);
    if (!named) co_return named.error();
    whose = std::move(*named);
    co_return whose;
}

} // namespace gateway::user_api
