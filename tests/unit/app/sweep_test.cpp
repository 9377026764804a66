// The periodic sweep: each part of the data has its own, and none is forgotten.
#include "app/background.hpp"
#include "files/staged_file_store.hpp"
#include "runtime/blocking.hpp"
#include "store/store.hpp"
#include "telemetry/log_queue.hpp"
#include "telemetry/sink.hpp"
#include "unit/runtime/run_on.hpp"
#include "unit/store/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <stdexcept>

namespace gateway::app {
namespace {

using namespace gateway::testing;
using std::chrono::hours;

class Sweep : public ::testing::Test {
protected:
    Sweep() {
        auto opened = store::open_store("sqlite:" + folder.file("gateway.db"));
        if (!opened) throw std::runtime_error(opened.error().message());
        store = std::move(*opened);
        settings.directory = folder.file("files");
        shelf = std::make_unique<files::staged_file_store>(store->files, pool, memory, settings, callers);
    }

    void add_post(const std::string& attempt, const std::string& id) {
        store::post_record post;
        post.attempt = attempt;
        post.user = user_id::trusted("ann");
        post.caller = caller_name::trusted("shop");
        post.id = publish_id::trusted(id);
        post.post_ids = "[]";
        ASSERT_TRUE(run_on(loop, store->ledger.begin(post, soon())));
        post.state = store::post_state::settled;
        ASSERT_TRUE(run_on(loop, store->ledger.update(post, soon())));
    }
    bool has_post(const std::string& attempt) {
        return run_on(loop, store->ledger.find_attempt(attempt, soon())).value().has_value();
    }
    void add_file(const std::string& id, wall_time expires_at) {
        store::file_record file;
        file.id = file_id::trusted(id);
        file.caller = caller_name::trusted("shop");
        file.expires_at = expires_at;
        constexpr store::file_bound bound{{10, 10}};
        ASSERT_TRUE(run_on(loop, store->files.put(file, bound, soon())).value());
    }
    bool has_file(const std::string& id) {
        return run_on(loop, store->files.find(file_id::trusted(id), soon())).value().has_value();
    }

    temporary_folder folder;
    worker loop;
    blocking_pool pool{2, 64};
    caller_count callers;
    limits::shared_bytes memory{4'000'000, 64 * 1024, callers};
    settings::files settings;
    std::unique_ptr<store::store> store;
    std::unique_ptr<files::staged_file_store> shelf;
    telemetry::log_queue lines{-1};
    telemetry::sink sink{{}, lines, telemetry::level::error, 1};
    store_health health;
};

TEST_F(Sweep, V17HourHAttemptsPostsAndFilesWhoseTimeIsOverGoAndTheOthersStay) {
    const auto now = wall_now();
    const auto of_before = new_ulid(now - hours{49}), kept = new_ulid(now - hours{47}),
               came_to_nothing = new_ulid(now - hours{1});
    add_post(of_before, "p1");
    add_post(kept, "p2");
    add_post(came_to_nothing, "");
    add_file("old", now - hours{1});
    add_file("young", now + hours{1});

    for (auto& each : health.overdue)
        each.store(7);
    run_on(loop, sweep(*store, *shelf, "app", hours{48}, sink, health));
    EXPECT_FALSE(has_post(of_before));
    EXPECT_TRUE(has_post(kept));
    EXPECT_FALSE(has_post(came_to_nothing)) << "upkeep's own sweep";
    EXPECT_FALSE(has_file("old"));
    EXPECT_TRUE(has_file("young"));
    for (std::size_t at = 0; at < health.overdue.size(); ++at)
        EXPECT_EQ(health.overdue[at].load(), 0U) << store::tables_with_an_end[at];
}

} // namespace
} // namespace gateway::app
