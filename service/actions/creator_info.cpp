// TIKTOK_QUERY_CREATOR_INFO (docs/tiktok-wire.md §4.1): what the creator's account allows at the moment.
#include "actions/rows.hpp"
#include "actions/verdict.hpp"
#include "base/json/values.hpp"
#include "posts/publisher.hpp"
#include "user_api/bound_api.hpp"

#include <utility>

namespace gateway::actions {
namespace {

// Removed from TikTok's answer in case it ever has a member of this name.
constexpr std::string_view our_members[] = {"gateway"};

/// What the ledger knows of TikTok's daily caps; nothing of it if the store does not answer.
task<worker_string> our_part(const call& c, posts::publisher& posts) {
    worker_string out = R"("gateway":)";
    const auto left = co_await posts.left_today(c.user, c.now, c.until);
    out += left ? serialize_json(to_json(*left)) : "null";
    co_return out;
}

task<result<answer>> query_creator_info(call& c, posts::publisher& posts) {
    auto got = co_await c.tiktok->creator_info();
    if (!got) co_return got.error();
    auto ours = co_await our_part(c, posts);
    passed_through out{.from = std::move(got->raw), .without = our_members, .extra = std::move(ours)};
    co_return answer{std::move(out)};
}

} // namespace

row query_creator_info_row() {
    return {.slug = "TIKTOK_QUERY_CREATOR_INFO",
            .method = verb::get,
            .path = "/v1/users/{user_id}/creator",
            .scope = {tiktok::row_of(tiktok::endpoint::creator_info).scope},
            .needs_connection = true,
            .run = query_creator_info};
}

} // namespace gateway::actions
