#include "user_api/account_check.hpp"

#include "tiktok/api_call.hpp"
#include "tiktok/error_table.hpp"
#include "tiktok/requests.hpp"
#include "user_api/api_client.hpp"
#include "user_api/call_outcome.hpp"
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

task<result<std::optional<open_id>>> account_check::ask(user_id user, secret access_token, deadline until) {
    auto slot = co_await take_slot(user, until);
    if (!slot) co_return slot.error();
    const auto began = steady_now();
    call_outcome out;
    auto what = tiktok::user_info_request("open_id");
    auto request = shared_.buffers_.take();
    tiktok::write_request(request->bytes, shared_.api_, what, access_token.reveal());
    auto reply = co_await shared_.client_.send(shared_.api_, request->bytes.reveal(),
                                               outbound::repeat::if_connection_was_reused, until, until.by());
    shared_.buffers_.give(std::move(request));
    note_reply(out, shared_.recorder_, what.which, std::move(reply), access_token.reveal(), began);
    if (out.answered)
        slot->settle(out.ended);
    else if (!out.may_have_left)
        slot->give_back();
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
