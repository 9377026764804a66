#include "user_api/display_name.hpp"

#include "base/json/strict.hpp"
#include "base/json/values.hpp"
#include "base/utf.hpp"
#include "telemetry/call_record.hpp"
#include "tiktok/requests.hpp"
#include "user_api/bound_api.hpp"

#include <algorithm>
#include <string_view>

namespace gateway::user_api {
namespace {

constexpr std::string_view needed_scope = "user.info.basic";
constexpr std::size_t name_characters_max = 100;

} // namespace

std::string display_name_in(std::string_view data) {
    const auto parsed = parse_json(data);
    if (!parsed || !parsed->is_object()) return {};
    const auto* user = parsed->get_object().if_contains("user");
    if (!user || !user->is_object()) return {};
    std::string_view rest = json_text_at(user->get_object(), "display_name");
    std::string name;
    for (std::size_t taken = 0; !rest.empty() && taken < name_characters_max; ++taken) {
        const auto letter = take_utf8(rest);
        const bool is_control =
            letter.size() == 1 && (letter[0] == 0x7f || (letter[0] >= 0 && letter[0] < 0x20));
        if (!is_control) name += letter;
    }
    return name;
}

task<std::string> display_name(api_client& shared, user_id user, deadline until) {
    telemetry::call_record unused;
    bound_api api(shared, user, unused, until);
    const auto bound = co_await api.bind();
    if (!bound) co_return std::string{};
    const auto granted = api.scopes();
    if (std::find(granted.begin(), granted.end(), needed_scope) == granted.end()) co_return std::string{};
    auto what = tiktok::user_info_request("display_name");
    const auto answer = co_await api.call(std::move(what));
    co_return answer ? display_name_in(answer->data()) : std::string{};
}

} // namespace gateway::user_api
