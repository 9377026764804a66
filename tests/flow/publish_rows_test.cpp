// TIKTOK_PUBLISH_VIDEO in each state of a post (docs/tiktok-wire.md §9.2, docs/contract.md §5): the same
// answer after a restart and from every replica, and one post at most.
#include "flow/replicas_test.hpp"

#include <boost/json/array.hpp>
#include <gmock/gmock.h>

#include <functional>

namespace {

/// How publishing a post is answered.
struct expected {
    int status = 200;
    std::string code;        // of a refusal
    std::string tiktok;      // TikTok's status, of a success
    bool makes_post = false; // of the draft; else the answer names the post itself
};

template <class Base>
class publish_rows : public Base {
protected:
    using Base::Base;
    using Base::w;

    struct row {
        std::string name;
        std::function<std::string(const std::string& user)> make; // the publish_id
        expected answer;
        boost::json::object inputs = {};
    };

    void set_state(const std::string& id, const boost::json::object& what) {
        w.tiktok().control().post("/posts/" + id + "/state", what);
    }
    std::string draft(const std::string& user, const std::string& query = {}) {
        const auto id = this->upload(user, mp4(5'000), query).text_at("data.publish_id");
        this->settled_post(id, "SEND_TO_USER_INBOX");
        return id;
    }
    std::string direct(const std::string& user) {
        return this->upload(user, mp4(5'000), "publish=true").text_at("data.publish_id");
    }
    std::string pulled(const std::string& user, const boost::json::object& what, const std::string& route) {
        return w.api().post(this->path_of(user, route), what).text_at("data.publish_id");
    }
    std::string photos(const std::string& user, const std::string& mode) {
        return pulled(user,
                      {{"photo_images", {"https://media.example.com/1.jpg"}},
                       {"photo_cover_index", 0},
                       {"post_mode", mode}},
                      "/photos");
    }
    std::string target(const std::string& user, const std::string& id) {
        return this->path_of(user, "/posts/" + id + "/publish");
    }

    std::vector<row> rows() {
        const auto in = [this](std::string id, const boost::json::object& state) {
            set_state(id, state);
            return id;
        };
        const boost::json::object failed{{"state", "FAILED"}, {"fail_reason", "duration_check_failed"}};
        const boost::json::object published{{"state", "PUBLISH_COMPLETE"},
                                            {"privacy_level", "PUBLIC_TO_EVERYONE"}};
        const auto running = [this](std::string id) {
            w.tiktok().add_fault({{"match", {{"path", "/v2/post/publish/status/fetch/"}}},
                                  {"times", -1},
                                  {"do", {{"merge", {{"data", {{"status", "PROCESSING_UPLOAD"}}}}}}}});
            return id;
        };
        const expected only_creator{409, "creator_action_required", "", false};
        const expected post_failed{409, "post_failed", "", false};
        const expected complete{200, "", "PUBLISH_COMPLETE", false};
        return {
            {"a direct post that runs",
             [=, this](auto& user) { return running(direct(user)); },
             {200, "", "PROCESSING_UPLOAD", false}},
            {"a direct post that is out", [=, this](auto& user) { return in(direct(user), published); },
             complete},
            {"a direct post that failed", [=, this](auto& user) { return in(direct(user), failed); },
             post_failed},
            {"photos that are out",
             [=, this](auto& user) { return in(photos(user, "DIRECT_POST"), published); }, complete},
            {"photos in the inbox",
             [=, this](auto& user) {
                 return in(photos(user, "MEDIA_UPLOAD"), {{"state", "SEND_TO_USER_INBOX"}});
             },
             only_creator},
            {"a draft that is processed",
             [=, this](auto& user) { return running(draft(user)); },
             {409, "not_ready", "", false}},
            {"a draft in the inbox", [=, this](auto& user) { return draft(user); }, {200, "", "", true}},
            {"a draft that shall not be copied",
             [=, this](auto& user) { return draft(user); },
             only_creator,
             {{"direct_post", false}}},
            {"a draft whose bytes are gone", [=, this](auto& user) { return draft(user, "keep=false"); },
             only_creator},
            {"a draft that TikTok pulled",
             [=, this](auto& user) {
                 return in(pulled(user, {{"video_url", "https://media.example.com/a.mp4"}}, "/videos"),
                           {{"state", "SEND_TO_USER_INBOX"}});
             },
             only_creator},
            {"a draft that its creator has posted",
             [=, this](auto& user) { return in(draft(user), published); }, complete},
            {"a draft that failed", [=, this](auto& user) { return in(draft(user), failed); }, post_failed},
            {"a post of another account",
             [=, this](auto&) {
                 return draft(this->another_user({{"account", "bob"}}));
             },
             {404, "no_such_post", "", false}},
            {"a post that nobody made",
             [](auto&) { return std::string("v_inbox_file~v2.404"); },
             {404, "no_such_post", "", false}},
        };
    }

    static void expect_answer(const row& of, const std::string& id, const harness::answer& got) {
        EXPECT_EQ(got.status, of.answer.status) << got.raw;
        if (of.answer.status != 200) {
            EXPECT_EQ(got.code(), of.answer.code) << got.raw;
            return;
        }
        if (!of.answer.tiktok.empty()) {
            EXPECT_EQ(got.text_at("data.status"), of.answer.tiktok) << got.raw;
        }
        const auto name = of.answer.makes_post ? "data.draft_publish_id" : "data.publish_id";
        EXPECT_EQ(got.text_at(name), id) << got.raw;
    }
    std::size_t video_inits() { return this->calls_of("/v2/post/publish/video/init/"); }
};

using PublishRows = publish_rows<action_test>;

TEST_F(PublishRows, EachIsAnsweredAlikeAfterARestartAndMakesOnePostAtMost) {
    const auto user = another_user();
    for (const auto& each : rows()) {
        SCOPED_TRACE(each.name);
        const auto id = each.make(user);
        const auto before = video_inits();
        const auto first = w.api().post(target(user, id), each.inputs);
        expect_answer(each, id, first);
        w.stop_gateway();
        const auto again = w.api().post(target(user, id), each.inputs);
        expect_answer(each, id, again);
        EXPECT_EQ(again.at("data.publish_id"), first.at("data.publish_id"));
        EXPECT_EQ(video_inits(), before + (each.answer.makes_post ? 1 : 0));
        w.tiktok().clear_faults();
    }
}

TEST_F(PublishRows, APostMadeOfADraftIsTheAnswerAlsoWhenItFails) {
    const auto user = another_user();
    const auto id = draft(user);
    const auto made = w.api().post(target(user, id), boost::json::object{}).text_at("data.publish_id");
    set_state(made, {{"state", "FAILED"}, {"fail_reason", "internal"}});
    for (int restarts = 0; restarts < 2; ++restarts) {
        const auto got = w.api().post(target(user, id), boost::json::object{});
        EXPECT_EQ(got.code(), "post_failed") << got.raw;
        w.stop_gateway();
    }
    EXPECT_EQ(video_inits(), 1U);
}

TEST_F(PublishRows, AWebhookThatTheCreatorHasPostedTheDraftCountsWhereTheStatusIsBehind) {
    const auto user = another_user();
    const auto id = draft(user);
    boost::json::array apps{boost::json::object{
        {"client_key", harness::simulator_process::client_key},
        {"webhook_url", "http://127.0.0.1:" + std::to_string(w.gateway().port()) + "/webhooks/tiktok"}}};
    w.tiktok().change(boost::json::object{{"apps", std::move(apps)}});
    set_state(id, {{"state", "PUBLISH_COMPLETE"}, {"privacy_level", "SELF_ONLY"}});
    const auto until = gateway::steady_now() + gateway::seconds{20};
    while (w.api().get(path_of(user, "/posts")).text_at("data.posts.0.state") != "published"
           && gateway::steady_now() < until) {
    } // each poll is a round trip
    set_state(id, {{"state", "SEND_TO_USER_INBOX"}});
    for (int restarts = 0; restarts < 2; ++restarts) {
        const auto got = w.api().post(target(user, id), boost::json::object{});
        EXPECT_EQ(got.status, 200) << got.raw;
        EXPECT_EQ(got.text_at("data.publish_id"), id);
        EXPECT_EQ(got.text_at("data.status"), "PUBLISH_COMPLETE");
        w.stop_gateway();
    }
    EXPECT_EQ(video_inits(), 0U);
}

class PublishRowsOverReplicas : public publish_rows<replicas_test> {
protected:
    PublishRowsOverReplicas() : publish_rows(wide_windows, wide_tiktok) {}
};

TEST_F(PublishRowsOverReplicas, EachIsAnsweredAlikeByAllAtTheSameMomentAndMakesOnePostAtMost) {
    const auto user = another_user();
    for (const auto& each : rows()) {
        SCOPED_TRACE(each.name);
        const auto id = each.make(user);
        const auto before = video_inits();
        const auto path = target(user, id);
        for (const auto& got :
             at_once(6, [&](const harness::http_client& api) { return api.post(path, each.inputs); })) {
            const bool is_later = each.answer.makes_post && got.code() == "in_progress";
            if (!is_later) expect_answer(each, id, got);
        }
        for (auto* replica : all)
            expect_answer(each, id, w.api_of(*replica).post(path, each.inputs));
        EXPECT_EQ(video_inits(), before + (each.answer.makes_post ? 1 : 0));
        w.tiktok().clear_faults();
    }
}

TEST_F(PublishRowsOverReplicas, AReplicaThatDiedWithAPublishLeavesItToAnother) {
    const auto user = another_user();
    const auto id = draft(user);
    const auto path = target(user, id);
    w.tiktok().add_fault(
        {{"match", {{"path", "/v2/post/publish/video/init/"}}}, {"do", {{"delay_ms", 3'000}}}});
    std::jthread dying([&] {
        try {
            w.api_of(*all[1]).post(path, boost::json::object{});
        } catch (const std::exception&) { // it dies
        }
    });
    while (video_inits() == 0) {
    } // each poll is a round trip
    all[1]->process().signal(SIGKILL);
    dying.join();
    server.pass_time("gateway", gateway::seconds{61}); // it counts as dead after a minute of silence
    const auto until = gateway::steady_now() + gateway::seconds{60};
    harness::answer got;
    do
        got = w.api_of(*all[2]).post(path, boost::json::object{});
    while ((got.code() == "in_progress" || got.code() == "vault_unavailable") // it believes the jump, too
           && gateway::steady_now() < until);
    EXPECT_EQ(got.status, 200) << got.raw;
    EXPECT_EQ(got.text_at("data.draft_publish_id"), id);
    const auto again = w.api_of(*all[0]).post(path, boost::json::object{});
    EXPECT_EQ(again.text_at("data.publish_id"), got.text_at("data.publish_id")) << again.raw;
    const auto posts = w.tiktok().history().at("posts").as_array();
    std::size_t with_bytes = 0;
    for (const auto& one : posts)
        with_bytes += text_in(one.as_object(), "mode") == "direct"
                      && text_in(one.as_object(), "state") != "PROCESSING_UPLOAD";
    EXPECT_LE(with_bytes, 1U) << "an init without its bytes posts nothing";
}

} // namespace
