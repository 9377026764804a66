// The fixture of the tests about posts that are followed, and rows of such posts; for the suites of every
// engine.
#pragma once
#include "store/ledger.hpp"
#include "unit/store/post_records.hpp"
#include "unit/store/store_fixture.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace gateway::testing {

inline constexpr store::look_times short_looks{.shortest = seconds{2},
                                               .processing_max = std::chrono::minutes{10},
                                               .draft_max = std::chrono::hours{6},
                                               .published_max = std::chrono::hours{1},
                                               .unconfirmed_max = std::chrono::hours{3}};

inline store::post_record followed(const std::string& attempt, wall_time next_look_at,
                                   const std::string& status = "PROCESSING_UPLOAD") {
    auto out = uploaded_post(attempt, "p" + attempt);
    out.kind = "direct_file";
    out.state = store::post_state::settled;
    out.status = status;
    out.created_at = out.updated_at = at_second(0);
    out.next_look_at = next_look_at;
    return out;
}

class FollowedPosts : public StoreSuite {
protected:
    void put(const store::post_record& one) {
        auto begun = one;
        begun.state = store::post_state::begun;
        begun.next_look_at = {};
        ASSERT_TRUE(run(at->ledger.begin(begun, soon())));
        ASSERT_TRUE(run(at->ledger.update(one, soon())));
    }
    std::vector<std::string> taken(int second, std::uint32_t limit = 10) {
        std::vector<std::string> out;
        for (const auto& each : run(at->ledger.take_due(limit, at_second(second), short_looks, soon())))
            out.push_back(each.attempt);
        return out;
    }
    wall_time next_look_of(const std::string& attempt) {
        return run(at->ledger.find_attempt(attempt, soon()))->next_look_at;
    }
    store::status_update told(const std::string& attempt, int second) {
        const auto seen = *run(at->ledger.find_attempt(attempt, soon()));
        store::status_update out;
        out.attempt = seen.attempt;
        out.user = seen.user;
        out.post = seen.id;
        out.status = out.seen_status = seen.status;
        out.post_ids = out.seen_post_ids = seen.post_ids;
        out.ended_at = out.seen_ended_at = seen.ended_at;
        out.told_at = at_second(second);
        return out;
    }
};

} // namespace gateway::testing
