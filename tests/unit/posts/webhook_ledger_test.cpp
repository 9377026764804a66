// The effects of TikTok's webhooks on the ledger: once each, in any order.
#include "files/staged_file_store.hpp"
#include "posts/public_ids.hpp"
#include "posts/publisher.hpp"
#include "posts/status_book.hpp"
#include "runtime/blocking.hpp"
#include "store/store.hpp"
#include "tiktok/webhook.hpp"
#include "unit/runtime/run_on.hpp"
#include "unit/store/temporary_folder.hpp"

#include <gtest/gtest.h>

namespace gateway::testing {
namespace {

using tiktok::webhook_event;
using tiktok::webhook_kind;

class WebhookLedger : public ::testing::Test {
protected:
    wall_time now = from_unix_ms(1'795'000'000'000);

    WebhookLedger() {
        auto opened = store::open_store("sqlite:" + folder.file("gateway.db"));
        if (!opened) throw std::runtime_error(opened.error().message());
        store = std::move(*opened);
        settings.files.directory = folder.file("files");
        staged_file_store = std::make_unique<files::staged_file_store>(store->files, pool, memory,
                                                                       settings.files, one_caller);
        book = std::make_unique<posts::status_book>(store->ledger);
        publisher = std::make_unique<posts::publisher>(*book, *staged_file_store,
                                                       settings.tiktok.default_privacy_level,
                                                       settings.uploads.keep_hours, settings.limits.per_day);
        store::post_record record;
        record.attempt = "01JD0000000000000000000000";
        record.user = user_id::trusted("anna");
        record.id = publish_id::trusted("v_inbox_file~v2.1");
        record.kind = "inbox_file";
        record.status = "PROCESSING_UPLOAD";
        record.post_ids = "[]";
        record.created_at = record.updated_at = now;
        EXPECT_TRUE(run_on(loop, store->ledger.begin(record, soon())));
    }
    void tell(webhook_kind kind, std::string post_id = {}, std::string reason = {}, std::int64_t at = 1,
              const std::string& post = "v_inbox_file~v2.1") {
        webhook_event event;
        event.kind = kind;
        event.name = std::to_string(static_cast<int>(kind));
        event.post = publish_id::trusted(post);
        event.post_id = std::move(post_id);
        event.reason = std::move(reason);
        event.created_at_s = at;
        EXPECT_TRUE(run_on(loop, publisher->on_webhook(event, now, soon())));
    }
    store::post_record record() {
        return **run_on(loop, store->ledger.find_attempt("01JD0000000000000000000000", soon()));
    }
    std::vector<std::string> visible() { return posts::public_ids(record().post_ids).visible(); }

    temporary_folder folder;
    worker loop;
    blocking_pool pool{1, 64};
    caller_count one_caller;
    limits::shared_bytes memory{1'000'000, 0, one_caller};
    settings::all settings;
    std::unique_ptr<store::store> store;
    std::unique_ptr<files::staged_file_store> staged_file_store;
    std::unique_ptr<posts::status_book> book;
    std::unique_ptr<posts::publisher> publisher;
};

TEST_F(WebhookLedger, SettlesAPost) {
    tell(webhook_kind::inbox_delivered);
    EXPECT_EQ(record().status, "SEND_TO_USER_INBOX");
    tell(webhook_kind::publish_complete);
    tell(webhook_kind::publicly_available, "7602997517160123666");
    EXPECT_EQ(record().status, "PUBLISH_COMPLETE");
    EXPECT_EQ(record().post_ids, R"(["7602997517160123666"])");
    EXPECT_EQ(record().state, store::post_state::settled);
    tell(webhook_kind::no_longer_publicly_available, "7602997517160123666");
    EXPECT_TRUE(visible().empty());
}

TEST_F(WebhookLedger, DeathCTheEndHasTheTimeAtWhichItWasFirstTold) {
    tell(webhook_kind::inbox_delivered);
    EXPECT_EQ(record().ended_at, wall_time{});
    tell(webhook_kind::publish_complete);
    EXPECT_EQ(record().ended_at, now);
    now += std::chrono::hours{1};
    tell(webhook_kind::publicly_available, "7602997517160123666");
    EXPECT_EQ(record().post_ids, R"(["7602997517160123666"])");
    EXPECT_EQ(record().ended_at, now - std::chrono::hours{1}) << "the ids came later";
}

TEST_F(WebhookLedger, U16APostThatIsNoLongerPublicStaysSo) {
    tell(webhook_kind::no_longer_publicly_available, "88", {}, 9);
    tell(webhook_kind::publicly_available, "88", {}, 5);
    EXPECT_EQ(record().status, "PUBLISH_COMPLETE");
    EXPECT_TRUE(visible().empty());
    tell(webhook_kind::publicly_available, "88", {}, 10);
    EXPECT_EQ(visible(), std::vector<std::string>{"88"});
}

TEST_F(WebhookLedger, U16ReorderedEventsNeverTakeAnEndBack) {
    tell(webhook_kind::publish_complete);
    tell(webhook_kind::inbox_delivered);
    tell(webhook_kind::publish_failed, {}, "internal");
    EXPECT_EQ(record().status, "PUBLISH_COMPLETE");
    EXPECT_EQ(record().fail_reason, "");
}

TEST_F(WebhookLedger, U16TellsADuplicateOnlyOnce) {
    tell(webhook_kind::publicly_available, "1");
    tell(webhook_kind::no_longer_publicly_available, "1");
    tell(webhook_kind::publicly_available, "1"); // the first delivery again
    EXPECT_TRUE(visible().empty());
    tell(webhook_kind::publicly_available, "1", {}, 2); // a new event
    EXPECT_EQ(record().post_ids, R"(["1"])");
}

TEST_F(WebhookLedger, RemembersWhyTikTokFailedAPost) {
    tell(webhook_kind::publish_failed, {}, "duration_check_failed");
    EXPECT_EQ(record().status, "FAILED");
    EXPECT_EQ(record().fail_reason, "duration_check_failed");
}

TEST_F(WebhookLedger, TakesARepeatedEventThatCameBeforeThePublishIdWasKnown) {
    tell(webhook_kind::publish_complete, {}, {}, 1, "p_pub_url~v2.2");
    auto late = record();
    late.id = publish_id::trusted("p_pub_url~v2.2");
    EXPECT_TRUE(run_on(loop, store->ledger.update(late, soon())));
    tell(webhook_kind::publish_complete, {}, {}, 1, "p_pub_url~v2.2"); // a repeated delivery
    EXPECT_EQ(record().status, "PUBLISH_COMPLETE");
}

TEST_F(WebhookLedger, IgnoresPostsItDoesNotKnow) {
    webhook_event event;
    event.kind = webhook_kind::publish_complete;
    event.post = publish_id::trusted("somebody_elses");
    EXPECT_TRUE(run_on(loop, publisher->on_webhook(event, now, soon())));
    EXPECT_EQ(record().status, "PROCESSING_UPLOAD");
}

} // namespace
} // namespace gateway::testing
