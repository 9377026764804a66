// PostgreSQL stops while TikTok answers an init: the outcome cannot be stored, and the answer says so
// (docs/promises.md V11, I04). The same on SQLite with a full disk: full_disk_test.cpp.
#include "flow/action_test.hpp"
#include "harness/postgresql_server.hpp"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <gmock/gmock.h>

#include <csignal>
#include <functional>
#include <future>

namespace {

using gateway::seconds;
using gateway::steady_now;
using testing::HasSubstr;
using testing::Not;

class UndurableAnswers : public action_test {
protected:
    UndurableAnswers() {
        w.options.variables["TIKTOK_GATEWAY__STORE__URL"] = server.url("gateway");
        w.options.variables["TIKTOK_GATEWAY__STORE__SCHEMA"] = "gateway";
        w.plant(harness::postgresql_server::password);
    }
    static harness::fields key(const std::string& text) { return {{"Idempotency-Key", text}}; }
    /// The answer of a call in the middle of whose init, or last chunk, the database stops.
    harness::answer while_the_database_stops(const boost::json::object& match,
                                             const std::function<harness::answer()>& call) {
        const auto before = faulted();
        w.tiktok().add_fault({{"match", match}, {"do", {{"delay_ms", 1'500}}}});
        auto running = std::async(std::launch::async, call);
        const auto end = steady_now() + seconds{20};
        while (faulted() == before && steady_now() < end) {
        }
        server.stop();
        return running.get();
    }
    std::size_t faulted() {
        std::size_t count = 0;
        const auto history = w.tiktok().history();
        for (const auto& each : history.at("requests").as_array())
            if (each.as_object().at("faulted").as_bool()) ++count;
        return count;
    }
    harness::answer post_photos(const harness::fields& fields) {
        return w.api().post(path_of(user, "/photos"), photos, fields);
    }
    void expect_counted(int count) {
        EXPECT_THAT(w.admin().get("/metrics").body,
                    HasSubstr("tiktok_gateway_undurable_answers_total " + std::to_string(count) + "\n"));
    }
    template <class Done>
    static harness::answer until(const std::function<harness::answer()>& call, Done done) {
        const auto end = steady_now() + seconds{40};
        auto got = call();
        while (!done(got) && steady_now() < end)
            got = call();
        return got;
    }

    static constexpr const char* photos_init = "/v2/post/publish/content/init/";
    static constexpr const char* not_stored = "could not be stored yet";
    const boost::json::value photos{{"photo_images", {"https://media.example.com/1.jpg"}},
                                    {"photo_cover_index", 0}};
    harness::postgresql_server server;
    std::string user;
};

TEST_F(UndurableAnswers, DeathIAnAnswerThatIsNotDurableSaysSoAndIsStoredWhenTheStoreIsBack) {
    user = another_user();
    ASSERT_EQ(post_photos(key("before")).status, 200);
    expect_counted(0);
    const auto began = steady_now();
    const auto first =
        while_the_database_stops({{"path", photos_init}}, [this] { return post_photos(key("a")); });
    EXPECT_EQ(first.status, 200) << first.raw;
    EXPECT_THAT(boost::json::serialize(first.at("data.warnings")), HasSubstr(not_stored));
    EXPECT_LT(steady_now() - began, seconds{15}) << "the wait is bounded";
    expect_counted(1);
    server.start();
    const auto again = until([this] { return post_photos(key("a")); },
                             [](const harness::answer& got) { return got.status == 200; });
    EXPECT_EQ(again.body, first.body);
    EXPECT_EQ(again.header("idempotent-replayed"), "true");
    EXPECT_THAT(post_photos(key("b")).body, Not(HasSubstr(not_stored)));
    expect_counted(1);
    EXPECT_EQ(calls_of(photos_init), 3U);
}

TEST_F(UndurableAnswers, DeathIOfAReplicaThatDiesBeforeTheAnswerWasWarnedOfAndNothingIsPostedTwice) {
    user = another_user();
    auto& heir = w.another_gateway();
    const auto first =
        while_the_database_stops({{"path", photos_init}}, [this] { return post_photos(key("a")); });
    EXPECT_THAT(first.body, HasSubstr(not_stored));
    ASSERT_EQ(w.stop_gateway(SIGKILL), 128 + SIGKILL);
    server.start();
    const auto ask = [&] {
        server.pass_time("gateway", seconds{61});
        return w.api_of(heir).post(path_of(user, "/photos"), photos, key("a"));
    };
    const auto known = until(ask, [](const harness::answer& got) { return got.code() == "outcome_unknown"; });
    EXPECT_EQ(known.code(), "outcome_unknown") << known.raw;
    EXPECT_EQ(calls_of(photos_init), 1U);
}

TEST_F(UndurableAnswers, DeathIAlsoOfAPostWithoutAKeyAndOfABatch) {
    user = another_user();
    const auto unkeyed =
        while_the_database_stops({{"path", photos_init}}, [this] { return post_photos({}); });
    EXPECT_EQ(unkeyed.status, 200) << unkeyed.raw;
    EXPECT_THAT(unkeyed.body, HasSubstr("could not be written down here"));
    expect_counted(1);
    server.start();
    const auto staged = until(
        [this] {
            return w.api().call("POST", "/v1/files", {{"Content-Type", "video/mp4"}}, mp4(5'000));
        },
        [](const harness::answer& got) { return got.status == 200; });
    const boost::json::value batch{
        {"files_to_upload",
         boost::json::array{boost::json::object{{"file_id", staged.text_at("data.file_id")}}}},
        {"keep", false}};
    const auto send = [&] { return w.api().post(path_of(user, "/videos/batch"), batch, key("batch")); };
    const auto first = while_the_database_stops({{"listener", "upload"}}, send);
    EXPECT_TRUE(first.at("successful").as_bool()) << first.raw;
    EXPECT_THAT(boost::json::serialize(first.at("data.results.0.warnings")), HasSubstr(not_stored));
    EXPECT_FALSE(first.at("data.warnings").as_array().empty());
    expect_counted(2);
    server.start();
    const auto again = until(send, [](const harness::answer& got) { return got.status == 200; });
    EXPECT_EQ(again.body, first.body);
}

} // namespace
