// TIKTOK_GET_USER_BASIC_INFO, TIKTOK_GET_USER_PROFILE, TIKTOK_GET_USER_STATS: one call to TikTok
// (docs/tiktok-wire.md §2.1); they differ only in their default fields (docs/tiktok-wire.md §9.1).
#include "actions/rows.hpp"
#include "tiktok/fields.hpp"
#include "tiktok/requests.hpp"
#include "user_api/bound_api.hpp"

#include <utility>

namespace gateway::actions {
namespace {

template <tiktok::user_view view>
task<result<answer>> user_info(call& c) {
    const auto asked = c.input.texts("fields");
    auto fields = asked.empty() ? tiktok::usual_fields(view, c.granted) : std::string_view{};
    result<std::string> chosen{std::string{}};
    if (fields.empty()) {
        chosen = tiktok::user_fields(view, asked, c.granted);
        if (!chosen) co_return chosen.error();
        fields = *chosen;
    }
    auto what = tiktok::user_info_request(fields);
    auto got = co_await c.tiktok->call(std::move(what));
    if (!got) co_return got.error();
    passed_through out{.from = std::move(*got)};
    co_return result<answer>(boost::system::in_place_value, std::move(out));
}

row user_row(std::string_view slug, std::string_view path, task<result<answer>> (*run)(call&)) {
    static const input inputs[] = {
        {.name = "fields", .type = kind::fields, .choices = tiktok::all_user_fields()}};
    return {.slug = slug,
            .method = verb::get,
            .path = path,
            .inputs = inputs,
            .needs_connection = true,
            .run = run};
}

} // namespace

row get_user_basic_info_row() {
    return user_row("TIKTOK_GET_USER_BASIC_INFO", "/v1/users/{user_id}/info",
                    user_info<tiktok::user_view::basic_info>);
}
row get_user_profile_row() {
    return user_row("TIKTOK_GET_USER_PROFILE", "/v1/users/{user_id}/profile",
                    user_info<tiktok::user_view::profile>);
}
row get_user_stats_row() {
    return user_row("TIKTOK_GET_USER_STATS", "/v1/users/{user_id}/stats",
                    user_info<tiktok::user_view::stats>);
}

} // namespace gateway::actions
