// A process that is paused in the middle of a call, until the others treat it as dead.
#include "deterministic/post_replica.hpp"
#include "unit/store/temporary_folder.hpp"

#include <gtest/gtest.h>

namespace gateway::simulation {
namespace {

task<void> log_in(post_replica& at) {
    const auto saved = co_await at.log_in(user_id::trusted("ann"));
    EXPECT_TRUE(saved);
}

task<void> call(post_replica& at, post_result& seen) {
    post_call what{"TIKTOK_UPLOAD_VIDEO",
                   "ann",
                   "k1",
                   "publish=true&caption=" + mark_of(1),
                   "video/mp4",
                   std::string("\0\0\0\x18"
                               "ftypisom",
                               12)};
    what.body.resize(300, 'v');
    seen = co_await at.serve(std::move(what));
}

} // namespace

TEST(Posts, I04WhoStoodStillUntilItWasGivenUpSendsNoByteAndTheKeyMakesOnePost) {
    const testing::temporary_folder folder;
    world in(1);
    simulated_database at;
    store_wire wire(in);
    post_history history;
    post_network network(in, history);
    network.faults.fastest = network.faults.slowest = seconds{1};
    settings::all settings;
    settings.uploads.keep_hours = 0;
    post_replica one(in, at, wire, network, settings, folder.file("files"));
    post_replica two(in, at, wire, network, settings, folder.file("files"));
    one.group().spawn(log_in(one));
    in.run_for(seconds{1});

    post_result late, again;
    one.group().spawn(call(one, late));
    in.run_for(milliseconds{3'500}); // creator_info is answered, and the answer to the init is in flight
    one.stand_still(seconds{150});
    in.run_for(
        seconds{170}); // the other replica settles the post, the key is free, and the first replica continues
    EXPECT_EQ(history.posts_of(1), 0U);
    EXPECT_EQ(late.code, errc::vault_unavailable);
    two.group().spawn(call(two, again));
    in.run_for(seconds{20});
    EXPECT_EQ(again.status, 200);
    EXPECT_EQ(history.posts_of(1), 1U);
}

} // namespace gateway::simulation
