// TIKTOK_QUERY_CREATOR_INFO (docs/tiktok-wire.md §4.1): what the creator's account allows at the moment.
#include "actions/rows.hpp"
#include "user_api/bound_api.hpp"

#include <utility>

namespace gateway::actions {
namespace {

task<result<answer>> query_creator_info(call& c) {
    auto got = co_await c.tiktok->creator_info();
    if (!got) co_return got.error();
    passed_through out{.from = std::move(got->raw)};
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
