// Callers hear of their posts and users by webhook: the running gateway, a receiver over TLS, both stores
// (docs/contract.md §12).
#include "flow/both_stores_test.hpp"
#include "unit/webhooks/webhook_receiver.hpp"

#include <atomic>
#include <csignal>
#include <set>
#include <string>
#include <thread>

namespace {

using gateway::testing::certificate_authority;
using gateway::testing::received_webhook;
using gateway::testing::webhook_receiver;

std::string field(const std::string& name, const std::string& value) {
    return ", " + name + ": '" + value + "'";
}

class WebhooksOut : public both_stores_test {
protected:
    void SetUp() override {
        both_stores_test::SetUp();
        w.plant(std::string(webhook_receiver::key));
        auto& variables = w.options.variables;
        variables["TIKTOK_GATEWAY__WEBHOOKS__ALLOWED_HOSTS"] = "[localhost]";
        variables["TIKTOK_GATEWAY__WEBHOOKS__CA_FILE"] = w.folder().write("receivers.pem", authority.pem());
        variables["TIKTOK_GATEWAY__WEBHOOKS__FIRST_RETRY_MS"] = "50";
        variables["TIKTOK_GATEWAY__WEBHOOKS__DEADLINE_MS"] = "2000";
        tell(&shop, nullptr);
    }
    /// The callers of the next start: `flow`, and `other`, who may act for user-1 alone.
    void tell(webhook_receiver* flow, webhook_receiver* other) {
        const auto told = [](webhook_receiver* at) {
            if (at == nullptr) return std::string();
            return field("webhook_url", at->url())
                   + field("webhook_secret", std::string(webhook_receiver::key));
        };
        w.plant(other_key);
        w.options.variables["TIKTOK_GATEWAY__CALLERS"] =
            "[{name: flow, key_sha256: " + sha256_of(w.caller_key()) + told(flow)
            + "}, {name: other, users: [user-1], key_sha256: " + sha256_of(other_key) + told(other) + "}]";
    }
    std::string post_directly(const std::string& user, const std::string& key = {}) {
        const harness::fields more =
            key.empty() ? harness::fields{} : harness::fields{{"Idempotency-Key", key}};
        const auto posted = upload(user, mp4(5'000), "publish=true", more);
        EXPECT_EQ(posted.status, 200) << posted.raw;
        return posted.text_at("data.publish_id");
    }
    /// The gateway learns the end, because somebody asks.
    void learn_end(const std::string& user, const std::string& id) {
        settled_post(id, "PUBLISH_COMPLETE");
        EXPECT_EQ(w.api().get(path_of(user, "/posts/" + id)).text_at("data.state"), "published");
    }
    harness::answer redeliver(const harness::http_client& by, const boost::json::object& what) {
        return by.post("/v1/webhooks/redeliver", what);
    }
    template <class Condition>
    static bool eventually(Condition done) {
        const auto end = gateway::steady_now() + gateway::seconds{60}; // a claim of one that died ends
        while (gateway::steady_now() < end)
            if (done()) return true;
        return false;
    }

    certificate_authority authority;
    webhook_receiver shop{authority.issue("localhost")};
};

TEST_P(WebhooksOut, I04TheEndOfAPostIsToldOnceWithItsDataAndSigned) {
    const auto user = another_user();
    ASSERT_TRUE(shop.wait_for(1));
    EXPECT_EQ(shop.all()[0].type(), "connection.connected");
    EXPECT_EQ(shop.all()[0].in_data("user_id"), user);
    const auto id = post_directly(user, "order-7");
    learn_end(user, id);
    ASSERT_TRUE(shop.wait_for(2));
    learn_end(user, id);
    const auto told = shop.of_type("post.published");
    ASSERT_EQ(told.size(), 1U);
    EXPECT_TRUE(told[0].is_signed);
    EXPECT_EQ(told[0].in_data("publish_id"), id);
    EXPECT_EQ(told[0].in_data("action"), "TIKTOK_UPLOAD_VIDEO");
    EXPECT_EQ(told[0].in_data("state"), "published");
    EXPECT_EQ(told[0].in_data("privacy_level"), "SELF_ONLY");
    EXPECT_EQ(told[0].in_data("idempotency_key"), "order-7");
    EXPECT_EQ(w.api().del("/v1/users/" + user).status, 200);
    ASSERT_TRUE(shop.wait_for(3));
    EXPECT_EQ(shop.all()[2].type(), "connection.revoked");
    EXPECT_EQ(shop.all()[2].in_data("cause"), "disconnected");
    EXPECT_EQ(shop.count(), 3U);
    const auto metrics = w.admin().get("/metrics").body;
    EXPECT_NE(metrics.find(R"(tiktok_gateway_webhooks_out_total{event="post.published",result="taken"} 1)"),
              std::string::npos)
        << metrics;
}

TEST_P(WebhooksOut, I04AKillLosesNoEventAndChangesNoBody) {
    shop.answer_with([](const received_webhook&) { return webhook_receiver::status(503); });
    const auto user = another_user();
    const auto id = post_directly(user);
    learn_end(user, id);
    ASSERT_TRUE(eventually([&] { return !shop.of_type("post.published").empty(); }));
    w.stop_gateway(SIGKILL);
    shop.answer_with({});
    if (server) server->pass_time("gateway", gateway::milliseconds{22'001}); // of what it had claimed
    w.gateway();
    std::set<std::string> bodies, ids;
    ASSERT_TRUE(eventually([&] {
        for (const auto& one : shop.of_type("post.published")) {
            bodies.insert(one.body);
            ids.insert(one.id);
        }
        return w.admin()
                   .get("/metrics")
                   .body.find(R"(tiktok_gateway_webhooks_out_total{event="post.published",result="taken"} 1)")
               != std::string::npos;
    }));
    EXPECT_EQ(bodies.size(), 1U);
    EXPECT_EQ(ids.size(), 1U);
}

TEST_P(WebhooksOut, I01AnInitWhoseAnswerIsLostIsToldAtOnce) {
    const auto user = another_user();
    w.tiktok().add_fault({{"match", {{"listener", "api"}, {"path", "/v2/post/publish/content/init/"}}},
                          {"times", 1},
                          {"do", {{"reset_before_answer", true}}}});
    const auto lost =
        w.api().post(path_of(user, "/photos"), {{"photo_images", {"https://media.example.com/1.jpg"}},
                                                {"photo_cover_index", 0},
                                                {"post_mode", "DIRECT_POST"}});
    EXPECT_EQ(lost.code(), "outcome_unknown") << lost.raw;
    ASSERT_TRUE(eventually([&] { return !shop.of_type("post.unconfirmed").empty(); }));
    EXPECT_EQ(shop.of_type("post.unconfirmed")[0].in_data("state"), "unconfirmed");
}

TEST_P(WebhooksOut, ACallerHearsOfItsOwnPostsAndOfItsUsers) {
    webhook_receiver other(authority.issue("localhost"));
    tell(&shop, &other);
    const auto first = another_user(), second = another_user(); // user-1, user-2
    learn_end(first, post_directly(first));
    ASSERT_TRUE(shop.wait_for(3));
    ASSERT_TRUE(other.wait_for(1));
    EXPECT_EQ(other.all()[0].type(), "connection.connected");
    EXPECT_EQ(other.all()[0].in_data("user_id"), first);
    EXPECT_EQ(other.count(), 1U) << "the post is another caller's, user-2 is not its user";
}

TEST_P(WebhooksOut, RedeliveryTellsTheCallersOwnAgainUnderTheSameId) {
    tell(&shop, nullptr);
    const auto user = another_user();
    const auto id = post_directly(user);
    learn_end(user, id);
    ASSERT_TRUE(shop.wait_for(2));
    const auto before = gateway::rfc3339(gateway::wall_now() - gateway::seconds{600});
    // What was sent is queued again only once its answer is written down.
    harness::answer again;
    ASSERT_TRUE(eventually([&] {
        again = redeliver(w.api(), {{"since", before}, {"events", {"post.published"}}});
        return again.status == 200 && again.at("data.queued") == 1;
    })) << again.raw;
    ASSERT_TRUE(eventually([&] { return shop.of_type("post.published").size() == 2; }));
    EXPECT_EQ(shop.of_type("post.published")[0].id, shop.of_type("post.published")[1].id);
    EXPECT_EQ(shop.of_type("post.published")[0].body, shop.of_type("post.published")[1].body);
    const auto mute = redeliver(other_caller(), {{"since", before}});
    EXPECT_EQ(mute.code(), "invalid_input") << mute.raw;
    EXPECT_NE(mute.raw.find("no webhook_url"), std::string::npos) << mute.raw;
    for (const boost::json::object& wrong : {boost::json::object{},
                                             {{"since", "yesterday"}},
                                             {{"since", before}, {"events", {"post.deleted"}}},
                                             {{"since", before}, {"until", "2020-01-01T00:00:00Z"}}})
        EXPECT_EQ(redeliver(w.api(), wrong).code(), "invalid_input");
}

TEST_P(WebhooksOut, A410IsRememberedOverARestart) {
    shop.answer_with([](const received_webhook&) { return webhook_receiver::status(410); });
    another_user();
    ASSERT_TRUE(shop.wait_for(1));
    const auto since = boost::json::object{{"since", "2020-01-01T00:00:00Z"}};
    ASSERT_TRUE(eventually([&] { return redeliver(w.api(), since).code() == "invalid_input"; }));
    EXPECT_EQ(w.stop_gateway(), 0);
    another_user();
    EXPECT_EQ(redeliver(w.api(), since).code(), "invalid_input");
    EXPECT_EQ(shop.count(), 1U);
}

INSTANTIATE_TEST_SUITE_P(Engines, WebhooksOut, testing::Bool(), engine_of);

/// Replicas of one PostgreSQL: each event is delivered by one of them, and when it is killed by another.
class WebhooksOfReplicas : public WebhooksOut {
protected:
    void SetUp() override {
        WebhooksOut::SetUp();
        w.options.variables["TIKTOK_GATEWAY__WEBHOOKS__DEADLINE_MS"] = "60000";
    }
};

TEST_P(WebhooksOfReplicas, I04EachEventIsToldByOneReplicaAndTakenOverWhenItDies) {
    w.gateway();
    auto& second = w.another_gateway();
    for (int at = 0; at < 20; ++at)
        another_user();
    ASSERT_TRUE(shop.wait_for(20));
    ASSERT_TRUE(eventually([&] { return sql("SELECT count(*) FROM webhook_deliveries").starts_with("0"); }))
        << "all ends are written down";
    std::set<std::string> ids;
    for (const auto& one : shop.all())
        ids.insert(one.id);
    EXPECT_EQ(ids.size(), shop.count()) << "none is told twice";
    // Whoever has it is asked for an answer that never comes, and dies.
    std::atomic<bool> holds{true};
    shop.answer_with([&](const received_webhook&) {
        while (holds)
            std::this_thread::yield();
        return webhook_receiver::status(200);
    });
    const auto user = another_user();
    ASSERT_TRUE(shop.wait_for(21));
    w.stop_gateway(SIGKILL);
    second.process().signal(SIGKILL);
    holds = false;
    shop.answer_with({});
    server->pass_time("gateway", gateway::milliseconds{120'001});
    w.gateway();
    ASSERT_TRUE(shop.wait_for(22));
    EXPECT_EQ(shop.all()[20].id, shop.all()[21].id);
    EXPECT_EQ(shop.all()[20].in_data("user_id"), user);
}

INSTANTIATE_TEST_SUITE_P(Engines, WebhooksOfReplicas, testing::Values(true), engine_of);

} // namespace
