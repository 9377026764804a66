#include "unit/store/login_records.hpp"
#include "unit/store/post_records.hpp"

#include <numeric>

namespace gateway::testing {

using store::post_state;
using store::update_result;

namespace {

store::post_record post(const std::string& attempt, const std::string& id) {
    auto out = uploaded_post(attempt, id);
    out.settings = R"({"caption":"héllo\n"})";
    out.size_bytes = 5'000'000'000;
    return out;
}

store::idempotency_record key(const std::string& by, const std::string& text) {
    store::idempotency_record out;
    out.caller = caller(by);
    out.key = text;
    out.fingerprint = std::string(32, '\0');
    out.request_id = "r1";
    out.created_at = at_second(0);
    out.expires_at = at_second(86'400);
    return out;
}

} // namespace

TEST_P(StoreSuite, T20GivesALoginOnceAndNeverAfterItsTime) {
    run(at->logins.put(begun_login("h1"), soon()));
    run(at->logins.put(begun_login("h2"), soon()));
    const auto login_at = [this](const std::string& hash, int second) {
        return run(at->logins.take(hash, at_second(second), soon()));
    };
    const auto taken = login_at("h1", 1);
    ASSERT_TRUE(taken);
    EXPECT_EQ(taken->progress, store::login_progress::begun) << "this call has taken it";
    EXPECT_EQ(taken->caller.text(), "shop");
    EXPECT_EQ(taken->user.text(), "ann");
    EXPECT_EQ(taken->sealed_verifier, std::string("\1v\0", 3));
    EXPECT_EQ(taken->return_url, "https://shop.example/done");
    EXPECT_FALSE(taken->replace_account);
    auto may_replace = begun_login("h3");
    may_replace.replace_account = may_replace.confirm = true;
    run(at->logins.put(may_replace, soon()));
    const auto third = login_at("h3", 1);
    EXPECT_TRUE(third->replace_account && third->confirm);
    EXPECT_EQ(third->app, "app");
    EXPECT_EQ(login_at("h1", 1)->progress, store::login_progress::taken);
    for (const char* hash : {"h1", "h2"})
        run(at->logins.note_outcome(hash, std::string("\1o\0", 3), soon()));
    EXPECT_EQ(login_at("h1", 599)->progress, store::login_progress::ended);
    EXPECT_EQ(login_at("h1", 599)->sealed_verifier, std::string("\1o\0", 3)) << "the verifier is of no use";
    EXPECT_EQ(run(at->logins.find("h2", at_second(1), soon()))->progress, store::login_progress::begun)
        << "nobody has taken it";
    EXPECT_EQ(login_at("h1", 599)->user.text(), "ann") << "what it was is still there, for the page";
    EXPECT_FALSE(login_at("h1", 600));
    EXPECT_FALSE(login_at("h2", 600));
    EXPECT_FALSE(login_at("h9", 1));
}

TEST_P(StoreSuite, DropsTheLoginsOfAUserWhoIsForgotten) {
    ASSERT_TRUE(put(connection("ann", 1), 0));
    run(at->logins.put(begun_login("h1"), soon()));
    forget("ann");
    EXPECT_FALSE(run(at->logins.take("h1", at_second(1), soon())));
}

TEST_P(StoreSuite, RemembersPostsFromBeginToEnd) {
    auto begun = post("01A", "");
    run(at->ledger.begin(begun, soon()));
    begun.id = post_id("v_inbox_file~v2.1");
    begun.state = post_state::settled;
    begun.status = "SEND_TO_USER_INBOX";
    begun.sha256 = "abc";
    run(at->ledger.update(begun, soon()));
    const auto found = run(at->ledger.find(user("ann"), begun.id, soon()));
    ASSERT_TRUE(found);
    EXPECT_EQ(found->attempt, "01A");
    EXPECT_EQ(found->state, post_state::settled);
    EXPECT_EQ(found->settings, begun.settings);
    EXPECT_EQ(found->size_bytes, begun.size_bytes);
    EXPECT_FALSE(run(at->ledger.find(user("bob"), begun.id, soon())));
    EXPECT_EQ(run(at->ledger.find_by_id(begun.id, soon()))->user.text(), "ann");
    EXPECT_EQ(run(at->ledger.find_attempt("01A", soon()))->status, "SEND_TO_USER_INBOX");
    EXPECT_FALSE(run(at->ledger.find_attempt("01B", soon())));
}

TEST_P(StoreSuite, ListsPostsNewestFirstPageByPage) {
    for (const char* attempt : {"01A", "01C", "01B"})
        run(at->ledger.begin(post(attempt, attempt), soon()));
    const auto first = run(at->ledger.list(user("ann"), "", 2, soon()));
    ASSERT_EQ(first.rows.size(), 2U);
    EXPECT_EQ(first.rows[0].attempt, "01C");
    EXPECT_EQ(first.next, "01B");
    const auto second = run(at->ledger.list(user("ann"), first.next, 2, soon()));
    ASSERT_EQ(second.rows.size(), 1U);
    EXPECT_EQ(second.rows[0].attempt, "01A");
    EXPECT_EQ(second.next, "");
}

TEST_P(StoreSuite, DeathNTheListHasPostsAndDoubtsAndNothingElse) {
    // Every second attempt came to nothing: it was refused before TikTok gave a publish_id.
    for (int number = 0; number < 6; ++number) {
        const auto name = "01" + std::to_string(number);
        const bool refused = number % 2 == 0;
        auto one = post(name, refused ? "" : name);
        one.idempotency_key.clear();
        ASSERT_TRUE(run(at->ledger.begin(one, soon())));
        one.state = post_state::settled;
        one.status = refused ? "FAILED" : "PROCESSING_UPLOAD";
        ASSERT_TRUE(run(at->ledger.update(one, soon())));
    }
    auto failed = post("016", "broken-off");
    ASSERT_TRUE(run(at->ledger.begin(failed, soon())));
    failed.state = post_state::settled;
    failed.status = "FAILED";
    ASSERT_TRUE(run(at->ledger.update(failed, soon())));
    auto unknown = post("017", "");
    ASSERT_TRUE(run(at->ledger.begin(unknown, soon())));
    unknown.state = post_state::outcome_unknown;
    ASSERT_TRUE(run(at->ledger.update(unknown, soon())));
    ASSERT_TRUE(run(at->ledger.begin(post("018", ""), soon())));

    std::vector<std::string> listed;
    std::string cursor;
    std::vector<std::size_t> pages;
    do {
        const auto page = run(at->ledger.list(user("ann"), cursor, 2, soon()));
        for (const auto& one : page.rows)
            listed.push_back(one.attempt);
        pages.push_back(page.rows.size());
        cursor = page.next;
    } while (!cursor.empty());
    EXPECT_EQ(listed, (std::vector<std::string>{"018", "017", "016", "015", "013", "011"}));
    EXPECT_EQ(pages, (std::vector<std::size_t>{2, 2, 2}));
}

TEST_P(StoreSuite, DeathNOfAnAttemptOfWhichNothingWasSentNothingIsKept) {
    ASSERT_TRUE(run(at->ledger.begin(post("01A", ""), soon())));
    ASSERT_TRUE(run(at->ledger.begin(post("01B", "p1"), soon())));
    for (const char* attempt : {"01A", "01B", "01C"})
        run_on(loop, at->ledger.forget(post(attempt, ""), soon()));
    EXPECT_FALSE(run(at->ledger.find_attempt("01A", soon())));
    EXPECT_TRUE(run(at->ledger.find_attempt("01B", soon()))) << "TikTok has it";
}

TEST_P(StoreSuite, DeathNTheSweepEndsAttemptsThatCameToNothing) {
    struct row {
        const char* attempt;
        const char* id;
        post_state state;
        bool stays;
    };
    const std::vector<row> rows{{"01A", "", post_state::settled, false},
                                {"01B", "p1", post_state::settled, true},
                                {"01C", "", post_state::outcome_unknown, true},
                                {"01D", "", post_state::begun, true}};
    for (const auto& each : rows) {
        auto one = post(each.attempt, each.id);
        ASSERT_TRUE(run(at->ledger.begin(one, soon())));
        one.state = each.state;
        if (one.state == post_state::begun) continue;
        ASSERT_TRUE(run(at->ledger.update(one, soon())));
    }
    const auto written = at_second(1);
    const std::chrono::minutes kept{10};
    EXPECT_TRUE(run(at->upkeep.sweep(written + kept - milliseconds{1}, soon())));
    EXPECT_TRUE(run(at->ledger.find_attempt("01A", soon()))) << "the windows of a new process need it";
    const auto due = run(at->upkeep.overdue("app", written + kept, wall_time{}, soon()));
    EXPECT_EQ(std::accumulate(due.begin(), due.end(), std::uint64_t{0}), 1U);
    EXPECT_TRUE(run(at->upkeep.sweep(written + kept, soon())));
    for (const auto& each : rows)
        EXPECT_EQ(run(at->ledger.find_attempt(each.attempt, soon())).has_value(), each.stays) << each.attempt;
}

TEST_P(StoreSuite, HourHTheSweepEndsThePostsOfBeforeAndTheirClaims) {
    const auto bound = at_second(0);
    const auto add = [this](const std::string& attempt, const std::string& id, post_state state) {
        auto one = post(attempt, id);
        one.draft = post_id(id.starts_with("d") ? "draft" + id : "");
        ASSERT_TRUE(run(at->ledger.begin(one, soon())));
        one.state = state;
        if (state == post_state::begun) return;
        ASSERT_TRUE(run(at->ledger.update(one, soon())));
    };
    constexpr int older = 450; // more than two portions
    for (int number = 0; number < older; ++number)
        add(new_ulid(bound - milliseconds{1}), "p" + std::to_string(number), post_state::settled);
    const auto of_draft = new_ulid(bound - milliseconds{1}), crashed = new_ulid(bound - milliseconds{1}),
               unsure = new_ulid(bound - milliseconds{1}), younger = new_ulid(bound);
    add(of_draft, "d1", post_state::settled);
    add(crashed, "", post_state::begun);
    add(unsure, "", post_state::outcome_unknown);
    add(younger, "d2", post_state::settled);
    EXPECT_EQ(run(at->ledger.claim_draft(user("ann"), post_id("draftd1"), of_draft, soon())), of_draft);
    EXPECT_EQ(run(at->ledger.claim_draft(user("ann"), post_id("draftd2"), younger, soon())), younger);
    for (const char* id : {"d1", "d2"})
        EXPECT_TRUE(run(at->ledger.find(user("ann"), post_id(id), soon())));

    const auto due = [&] {
        const auto rows = run(at->upkeep.overdue("app", at_second(-1'000), bound, soon()));
        return std::accumulate(rows.begin(), rows.end(), std::uint64_t{0});
    };
    EXPECT_EQ(due(), older + 2U);
    EXPECT_FALSE(run(at->ledger.sweep(bound, deadline{steady_now()})));
    EXPECT_EQ(due(), older + 2U) << "its time was over";
    EXPECT_TRUE(run(at->ledger.sweep(bound, soon())));
    EXPECT_EQ(due(), 0U);
    for (const auto& attempt : {of_draft, unsure})
        EXPECT_FALSE(run(at->ledger.find_attempt(attempt, soon())));
    for (const auto& attempt : {crashed, younger})
        EXPECT_TRUE(run(at->ledger.find_attempt(attempt, soon())));
    EXPECT_FALSE(run(at->ledger.find(user("ann"), post_id("d1"), soon()))) << "nor in the cache";
    EXPECT_TRUE(run(at->ledger.find(user("ann"), post_id("d2"), soon())));
    EXPECT_EQ(run(at->ledger.claim_draft(user("ann"), post_id("draftd1"), "01A", soon())), "01A");
    EXPECT_EQ(run(at->ledger.claim_draft(user("ann"), post_id("draftd2"), "01B", soon())), younger);
}

TEST_P(StoreSuite, DeathCTheTimeOfAPostsEndIsKept) {
    auto one = post("01A", "p1");
    ASSERT_TRUE(run(at->ledger.begin(one, soon())));
    one.state = post_state::settled;
    one.status = "PROCESSING_UPLOAD";
    ASSERT_TRUE(run(at->ledger.update(one, soon())));
    store::status_update told;
    told.attempt = "01A";
    told.user = user("ann");
    told.seen_status = "PROCESSING_UPLOAD";
    told.seen_post_ids = told.post_ids = "[]";
    told.status = "PUBLISH_COMPLETE";
    told.told_at = told.ended_at = at_second(9);
    EXPECT_EQ(run(at->ledger.apply_status(told, soon())), update_result::applied);
    one.ended_at = at_second(20); // a late step of our own
    EXPECT_TRUE(run(at->ledger.update(one, soon())));
    EXPECT_EQ(run(at->ledger.find_attempt("01A", soon()))->ended_at, at_second(9));
}

TEST_P(StoreSuite, DeathHAKeyAndItsPostAreFoundWithoutAClaim) {
    const auto look = [this](const std::string& text) {
        return run(at->keys.find(caller("shop"), text, at_second(1), soon()));
    };
    EXPECT_FALSE(look("k"));
    EXPECT_FALSE(run(at->keys.claim(key("shop", "k"), at_second(1), soon()))) << "look() claims nothing";
    ASSERT_TRUE(look("k"));
    EXPECT_FALSE(look("k")->finished);
    EXPECT_FALSE(run(at->keys.post_of(*look("k"), soon())));
    auto one = post("01A", "p1");
    one.idempotency_key = "k";
    ASSERT_TRUE(run(at->ledger.begin(one, soon())));
    EXPECT_EQ(run(at->keys.post_of(*look("k"), soon()))->id.text(), "p1");
    auto end = key("shop", "k");
    end.status = 200;
    run(at->keys.finish(end, soon()));
    EXPECT_TRUE(look("k")->finished);
    EXPECT_FALSE(run(at->keys.find(caller("shop"), "k", at_second(86'400), soon()))) << "it has expired";
}

TEST_P(StoreSuite, LetsOneAttemptPublishADraft) {
    EXPECT_EQ(run(at->ledger.claim_draft(user("ann"), post_id("d"), "01A", soon())), "01A");
    EXPECT_EQ(run(at->ledger.claim_draft(user("ann"), post_id("d"), "01B", soon())), "01A");
    run(at->ledger.release_draft(user("ann"), post_id("d"), "01B", soon()));
    EXPECT_EQ(run(at->ledger.claim_draft(user("ann"), post_id("d"), "01B", soon())), "01A");
    run(at->ledger.release_draft(user("ann"), post_id("d"), "01A", soon()));
    EXPECT_EQ(run(at->ledger.claim_draft(user("ann"), post_id("d"), "01B", soon())), "01B");
}

TEST_P(StoreSuite, AnswersAKeyWithTheFirstRecordUntilItExpires) {
    EXPECT_FALSE(run(at->keys.claim(key("shop", "k"), at_second(0), soon())));
    const auto running = run(at->keys.claim(key("shop", "k"), at_second(1), soon()));
    ASSERT_TRUE(running);
    EXPECT_FALSE(running->finished);
    EXPECT_FALSE(run(at->keys.claim(key("other", "k"), at_second(1), soon())))
        << "I08: a name space per caller";
    auto end = key("shop", "k");
    end.status = 200;
    end.answer = R"({"data":{}})";
    run(at->keys.finish(end, soon()));
    const auto finished = run(at->keys.claim(key("shop", "k"), at_second(2), soon()));
    ASSERT_TRUE(finished);
    EXPECT_TRUE(finished->finished);
    EXPECT_EQ(finished->status, 200);
    EXPECT_EQ(finished->answer, end.answer);
    EXPECT_EQ(finished->request_id, "r1");
    run(at->keys.forget(key("shop", "k"), soon()));
    EXPECT_TRUE(run(at->keys.claim(key("shop", "k"), at_second(2), soon()))) << "a finished one is kept";
    EXPECT_FALSE(run(at->keys.claim(key("shop", "k"), at_second(86'400), soon())));
    run(at->keys.forget(key("other", "k"), soon()));
    EXPECT_FALSE(run(at->keys.claim(key("other", "k"), at_second(1), soon())));
}

constexpr store::file_bound no_bound{{1'000'000, 1'000'000'000}, false};

TEST_P(StoreSuite, KeepsFilesUntilTheyExpire) {
    store::file_record file;
    file.id = file_id::trusted("file_1");
    file.caller = caller("shop");
    file.mimetype = "video/mp4";
    file.size_bytes = 11;
    file.sha256 = "00";
    file.created_at = at_second(0);
    file.expires_at = at_second(10);
    EXPECT_TRUE(run(at->files.put(file, no_bound, soon())));
    EXPECT_EQ(run(at->files.find(file.id, soon()))->mimetype, "video/mp4");
    EXPECT_TRUE(run(at->files.expired(at_second(9), 10, soon())).empty());
    EXPECT_EQ(run(at->files.expired(at_second(10), 10, soon())).size(), 1U);
    EXPECT_TRUE(run(at->files.forget(file.id, soon())));
    EXPECT_FALSE(run(at->files.forget(file.id, soon())));
    EXPECT_FALSE(run(at->files.find(file.id, soon())));
}

store::file_record file_of(const char* owner, std::string id, std::uint64_t size_bytes) {
    store::file_record file;
    file.id = file_id::trusted(std::move(id));
    file.caller = caller(owner);
    file.size_bytes = size_bytes;
    file.expires_at = at_second(10);
    return file;
}

TEST_P(StoreSuite, AuditLWhatACallerKeepsIsCountedWithEachFile) {
    const auto counts = [this](const char* owner) {
        const auto used = run(at->files.usage(caller(owner), soon()));
        return std::vector<std::uint64_t>{used.all.files, used.all.blocks, used.own.files, used.own.blocks};
    };
    using numbers = std::vector<std::uint64_t>;
    EXPECT_EQ(counts("shop"), (numbers{0, 0, 0, 0}));
    EXPECT_TRUE(run(at->files.put(file_of("shop", "f1", 1), no_bound, soon())));
    EXPECT_TRUE(run(at->files.put(file_of("shop", "f2", 4'097), no_bound, soon())));
    EXPECT_TRUE(run(at->files.put(file_of("bank", "f3", 4ULL << 30), no_bound, soon())));
    const std::uint64_t large = (4ULL << 30) / 4'096;
    EXPECT_EQ(counts("shop"), (numbers{3, 3 + large, 2, 3}));
    EXPECT_EQ(counts("bank"), (numbers{3, 3 + large, 1, large}));
    EXPECT_EQ(counts("nobody"), (numbers{3, 3 + large, 0, 0}));
    EXPECT_TRUE(run(at->files.forget(file_id::trusted("f3"), soon())));
    EXPECT_FALSE(run(at->files.forget(file_id::trusted("f3"), soon()))) << "once";
    EXPECT_TRUE(run(at->files.forget(file_id::trusted("f1"), soon())));
    EXPECT_EQ(counts("shop"), (numbers{1, 2, 1, 2}));
    EXPECT_TRUE(run(at->files.forget(file_id::trusted("f2"), soon())));
    EXPECT_EQ(counts("shop"), (numbers{0, 0, 0, 0}));
}

TEST_P(StoreSuite, AuditLAFileBeyondTheBoundIsNotRecorded) {
    const store::file_bound two_files{{2, 100}, false}, three_blocks{{100, 3}, false};
    EXPECT_TRUE(run(at->files.put(file_of("shop", "f1", 1), two_files, soon())));
    EXPECT_TRUE(run(at->files.put(file_of("bank", "f2", 1), two_files, soon())));
    EXPECT_FALSE(run(at->files.put(file_of("shop", "f3", 1), two_files, soon())));
    EXPECT_FALSE(run(at->files.put(file_of("shop", "f3", 8'192), three_blocks, soon())));
    EXPECT_FALSE(run(at->files.find(file_id::trusted("f3"), soon())));
    EXPECT_TRUE(run(at->files.put(file_of("shop", "f3", 1), three_blocks, soon())));
    EXPECT_EQ(run(at->files.usage(caller("shop"), soon())).all.blocks, 3U);
}

TEST_P(StoreSuite, L09AuditIACallersFilesBeyondItsShareAreNotRecorded) {
    const store::file_bound shared{{100, 100}, true}, alone{{100, 100}, false};
    const auto put = [this](const char* owner, std::string id, std::uint64_t blocks,
                            const store::file_bound& bound) {
        return run(at->files.put(file_of(owner, std::move(id), blocks * 4'096), bound, soon()));
    };
    const auto first = put("shop", "f1", 40, shared);
    ASSERT_TRUE(first) << "a first file may be larger than a quarter";
    EXPECT_EQ(first->own.blocks, 40U);
    EXPECT_TRUE(put("bank", "f2", 5, shared));
    EXPECT_FALSE(put("shop", "f3", 6, shared)) << "half would not be free";
    const auto second = put("shop", "f3", 5, shared);
    ASSERT_TRUE(second);
    EXPECT_EQ(second->all.blocks, 50U);
    EXPECT_EQ(second->own.files, 2U);
    EXPECT_TRUE(put("bank", "f4", 20, shared));
    EXPECT_FALSE(put("bank", "f5", 1, shared));
    EXPECT_TRUE(put("bank", "f5", 1, alone));
}

store::status_update told(const store::post_record& seen, std::string event_hash, wall_time when) {
    store::status_update out;
    out.attempt = seen.attempt;
    out.seen_status = seen.status;
    out.seen_post_ids = seen.post_ids;
    out.status = "PUBLISH_COMPLETE";
    out.post_ids = R"(["7"])";
    out.event_hash = std::move(event_hash);
    out.told_at = when;
    return out;
}

TEST_P(StoreSuite, TikToksWordLeavesOurPartOfThePostAlone) {
    auto row = post("01A", "p");
    run(at->ledger.begin(row, soon()));
    const auto word = told(row, "", at_second(9)); // made from the row before our last step
    row.state = post_state::settled;
    row.sha256 = "abc";
    row.file = "file_1";
    run(at->ledger.update(row, soon()));
    EXPECT_EQ(run(at->ledger.apply_status(word, soon())), update_result::applied);
    const auto found = run(at->ledger.find_attempt("01A", soon()));
    EXPECT_EQ(found->status, "PUBLISH_COMPLETE");
    EXPECT_EQ(found->post_ids, R"(["7"])");
    EXPECT_EQ(found->state, post_state::settled);
    EXPECT_EQ(found->updated_at, at_second(9));
    EXPECT_EQ(found->sha256, "abc");
    EXPECT_EQ(found->file, "file_1");
    EXPECT_EQ(found->settings, row.settings);
}

/// A cached row must be current.
TEST_P(StoreSuite, HasAtHandNoPostThatWasWrittenSince) {
    const auto row = post("01A", "p");
    run(at->ledger.begin(row, soon()));
    at->ledger.prefetch(row.user);
    const auto before = run(at->ledger.find(row.user, row.id, soon()));
    EXPECT_EQ(at->ledger.find_cached(row.user, row.id).value_or(before)->status, "");
    EXPECT_FALSE(run(at->ledger.find(user("bob"), row.id, soon())));
    EXPECT_FALSE(at->ledger.find_cached(user("bob"), row.id).value_or(nullptr));

    EXPECT_EQ(run(at->ledger.apply_status(told(row, "", at_second(2)), soon())), update_result::applied);
    EXPECT_FALSE(at->ledger.find_cached(row.user, row.id));
    EXPECT_EQ(run(at->ledger.find(row.user, row.id, soon()))->status, "PUBLISH_COMPLETE");
    EXPECT_EQ(before->status, "") << "who still holds what was read before keeps it";
}

TEST_P(StoreSuite, ALaterStepOfOursLeavesTikToksWordAlone) {
    auto row = post("01A", "p");
    run(at->ledger.begin(row, soon()));
    EXPECT_EQ(run(at->ledger.apply_status(told(row, "e1", at_second(2)), soon())), update_result::applied);
    row.state = post_state::outcome_unknown; // as read before TikTok's webhook
    row.status = "FAILED";
    row.fail_reason = "upload_broken_off";
    row.published_as = post_id("q");
    run(at->ledger.update(row, soon()));
    const auto found = run(at->ledger.find_attempt("01A", soon()));
    EXPECT_EQ(found->state, post_state::settled);
    EXPECT_EQ(found->status, "PUBLISH_COMPLETE");
    EXPECT_EQ(found->fail_reason, "");
    EXPECT_EQ(found->post_ids, R"(["7"])");
    EXPECT_EQ(found->published_as.text(), "q");
}

TEST_P(StoreSuite, I04TellsWhatAProcessThatIsGoneHasLeftBehind) {
    auto row = post("01A", "");
    row.idempotency_key = "k1";
    run(at->keys.claim(key("shop", "k1"), at_second(0), soon()));
    run(at->ledger.begin(row, soon()));
    run(at->keys.claim(key("shop", "k2"), at_second(0), soon()));
    run(at->keys.claim(key("shop", "k3"), at_second(0), soon()));
    run(at->keys.finish(key("shop", "k3"), soon()));
    auto settled = post("01B", "p");
    run(at->ledger.begin(settled, soon()));
    settled.state = post_state::settled;
    run(at->ledger.update(settled, soon()));
    EXPECT_TRUE(run(at->ledger.abandoned(9, soon())).empty()) << "its process lives";
    EXPECT_TRUE(run(at->keys.abandoned(9, soon())).empty());
    at.reset();
    at = GetParam().open(folder);
    const auto posts = run(at->ledger.abandoned(9, soon()));
    ASSERT_EQ(posts.size(), 1U);
    EXPECT_EQ(posts[0].attempt, "01A");
    EXPECT_EQ(posts[0].idempotency_key, "k1");
    row.state = post_state::settled;
    run(at->ledger.update(row, soon()));
    const auto keys = run(at->keys.abandoned(9, soon()));
    ASSERT_EQ(keys.size(), 2U);
    EXPECT_EQ(keys[0].key.key, "k1");
    EXPECT_EQ(keys[0].post->attempt, "01A");
    EXPECT_EQ(keys[1].key.key, "k2");
    EXPECT_FALSE(keys[1].post);
}

TEST_P(StoreSuite, I04GivesWhatWasLeftToOneClaimantAndAgainWhenThatOneDidNotEndIt) {
    for (const char* name : {"01C", "01A", "01B"}) {
        auto row = post(name, "");
        row.idempotency_key = std::string("key of ") + name;
        run(at->keys.claim(key("shop", row.idempotency_key), at_second(0), soon()));
        ASSERT_TRUE(run(at->ledger.begin(row, soon())));
    }
    at.reset();
    at = GetParam().open(folder);
    const auto a_claim_is_over = [this] {
        GetParam().pass_time(folder, seconds{61});
        run(at->on().beat(soon()));
    };
    for (int round = 0; round < 2; ++round) {
        const auto first = run(at->ledger.abandoned(2, soon()));
        ASSERT_EQ(first.size(), 2U);
        EXPECT_EQ(first[0].attempt, "01A") << "the oldest first";
        EXPECT_EQ(first[1].attempt, "01B");
        const auto rest = run(at->ledger.abandoned(2, soon()));
        ASSERT_EQ(rest.size(), 1U);
        EXPECT_EQ(rest[0].attempt, "01C");
        EXPECT_TRUE(run(at->ledger.abandoned(2, soon())).empty()) << "all are given";
        a_claim_is_over();
    }
    for (auto& row : run(at->ledger.abandoned(9, soon()))) {
        EXPECT_TRUE(run(at->keys.abandoned(9, soon())).empty()) << "the keys wait for their posts";
        row.state = post_state::settled;
        run(at->ledger.update(row, soon()));
        for (int round = 0; round < 2; ++round) {
            auto given = run(at->keys.abandoned(9, soon()));
            ASSERT_EQ(given.size(), 1U);
            EXPECT_EQ(given[0].key.key, row.idempotency_key);
            EXPECT_EQ(given[0].post->attempt, row.attempt);
            EXPECT_TRUE(run(at->keys.abandoned(9, soon())).empty()) << "it is given";
            if (round == 0) {
                GetParam().pass_time(folder, seconds{61});
                run(at->on().beat(soon()));
                run(at->ledger.abandoned(9, soon())); // the posts stay with a claimant
            } else {
                run(at->keys.forget(given[0].key, soon()));
            }
        }
    }
}

TEST_P(StoreSuite, FaultQAnEndWrittenLateTakesNoNewerPostsPlaceInItsDraft) {
    auto draft = post("01A", "d");
    ASSERT_TRUE(run(at->ledger.begin(draft, soon())));
    auto end = draft; // of the upload; as it was before anything was made of the draft
    end.state = post_state::settled;
    end.sha256 = "abc";
    draft.published_as = post_id("p2");
    draft.state = post_state::settled;
    EXPECT_TRUE(run(at->ledger.update(draft, soon())));
    const auto row = [this] { return *run(at->ledger.find_attempt("01A", soon())); };
    EXPECT_TRUE(run(at->ledger.write_late(end, std::nullopt, soon())));
    EXPECT_EQ(row().published_as.text(), "p2");
    EXPECT_EQ(row().sha256, "abc") << "the rest of it is written";
    end.published_as = post_id("p1"); // an earlier publish, of which nothing came
    EXPECT_TRUE(run(at->ledger.write_late(end, std::nullopt, soon())));
    EXPECT_EQ(row().published_as.text(), "p2");
    draft.published_as = post_id("p3");
    EXPECT_TRUE(run(at->ledger.update(draft, soon())));
    EXPECT_EQ(row().published_as.text(), "p3") << "a step in time is newer";
    draft.published_as = {};
    EXPECT_TRUE(run(at->ledger.update(draft, soon())));
    EXPECT_EQ(row().published_as.text(), "p3") << "a step that names none leaves it alone";
}

TEST_P(StoreSuite, I04BeginsAPostOnlyWhileTheKeyOfItsCallIsHeld) {
    auto row = post("01A", "");
    row.idempotency_key = "k";
    EXPECT_FALSE(run(at->ledger.begin(row, soon()))) << "nobody holds it";
    run(at->keys.claim(key("shop", "k"), at_second(0), soon()));
    ASSERT_TRUE(run(at->ledger.begin(row, soon())));
    run(at->keys.finish(key("shop", "k"), soon()));
    row.attempt = "01B";
    EXPECT_FALSE(run(at->ledger.begin(row, soon()))) << "it has its answer";
    EXPECT_FALSE(run(at->ledger.find_attempt("01B", soon())));
}

TEST_P(StoreSuite, I04AStepBeforeTheFirstByteIsRefusedOnceThePostIsEnded) {
    auto row = post("01A", "");
    run(at->ledger.begin(row, soon()));
    auto named = row;
    named.id = post_id("p");
    EXPECT_TRUE(run(at->ledger.update(named, soon())));
    row.state = post_state::settled;
    EXPECT_TRUE(run(at->ledger.update(row, soon())));
    EXPECT_FALSE(run(at->ledger.update(named, soon())));
}

TEST_P(StoreSuite, I04TakesNoAttemptOfAnEarlierUseOfAKeyForItsOwn) {
    auto early = post("01A", "p");
    early.idempotency_key = "k1";
    run(at->keys.claim(key("shop", "k1"), at_second(0), soon()));
    ASSERT_TRUE(run(at->ledger.begin(early, soon())));
    early.state = post_state::settled;
    run(at->ledger.update(early, soon()));
    auto late = key("shop", "k1");
    late.created_at = at_second(90'000); // the first use has expired
    run(at->keys.claim(late, at_second(90'000), soon()));
    at.reset();
    at = GetParam().open(folder);
    const auto keys = run(at->keys.abandoned(9, soon()));
    ASSERT_EQ(keys.size(), 1U);
    EXPECT_FALSE(keys[0].post);
}

TEST_P(StoreSuite, NotesAWebhookOnlyWithWhatItTold) {
    const auto row = post("01A", "p");
    const auto word = told(row, "e1", at_second(0));
    EXPECT_EQ(run(at->ledger.apply_status(word, soon())), update_result::conflict) << "no such row yet";
    run(at->ledger.begin(row, soon()));
    EXPECT_EQ(run(at->ledger.apply_status(word, soon())), update_result::applied);
    EXPECT_EQ(run(at->ledger.apply_status(told(row, "e2", at_second(1)), soon())), update_result::conflict);
    EXPECT_EQ(run(at->ledger.apply_status(word, soon())), update_result::duplicate);
}

TEST_P(StoreSuite, NotesAWebhookForAWeek) {
    auto row = post("01A", "p");
    run(at->ledger.begin(row, soon()));
    run(at->ledger.apply_status(told(row, "e1", at_second(0)), soon()));
    row = *run(at->ledger.find_attempt("01A", soon()));
    run(at->upkeep.sweep(at_second(6 * 86'400), soon()));
    EXPECT_EQ(run(at->ledger.apply_status(told(row, "e1", at_second(9)), soon())), update_result::duplicate);
    run(at->upkeep.sweep(at_second(8 * 86'400), soon()));
    EXPECT_EQ(run(at->ledger.apply_status(told(row, "e1", at_second(9)), soon())), update_result::applied);
}

TEST_P(StoreSuite, KeepsSmallFactsAndCountsWhatIsSealed) {
    run(at->facts.put("key_check:a", "1", soon()));
    run(at->facts.put("key_check:b", std::string("\0x", 2), soon()));
    run(at->facts.put("other", "2", soon()));
    EXPECT_EQ(run(at->facts.list("key_check:", soon())).size(), 2U);
    EXPECT_EQ(run(at->facts.find("key_check:b", soon())), std::string("\0x", 2));
    run(at->facts.forget("key_check:a", soon()));
    EXPECT_FALSE(run(at->facts.find("key_check:a", soon())));
    ASSERT_TRUE(put(connection("ann", 1), 0));
    ASSERT_TRUE(put(connection("ann", 2), 1));
    run(at->logins.put(begun_login("h"), soon()));
    EXPECT_EQ(sealed_with(std::string("ealed\0", 6)), 2U);
    EXPECT_EQ(sealed_with("v"), 1U);
    EXPECT_EQ(sealed_with("x"), 0U);
    EXPECT_EQ(sealed_with(""), 3U);
}

TEST_P(StoreSuite, V07PagesWhatIsSealedSoAndReplacesOnlyTheVeryBytes) {
    for (const char* name : {"ann", "bob", "cid"}) {
        ASSERT_TRUE(put(connection(name, 1), 0));
        ASSERT_TRUE(put(connection(name, 2), 1));
    }
    std::vector<store::sealed_record> seen;
    std::string cursor;
    int pages = 0;
    do {
        auto page = run(at->sealed.list_with("ealed", cursor, 2, soon()));
        EXPECT_LE(page.rows.size(), 2U);
        seen.insert(seen.end(), page.rows.begin(), page.rows.end());
        cursor = page.next;
    } while (!cursor.empty() && ++pages < 20);
    ASSERT_EQ(seen.size(), 6U);
    EXPECT_EQ(run(at->sealed.list_with("ther", "", 100, soon())).rows.size(), 0U);
    std::vector<store::resealed_record> pairs;
    for (auto& one : seen)
        pairs.push_back({one, "new" + one.owner + std::to_string(one.version)});
    pairs[0].seen.sealed += "x"; // as if it had been replaced meanwhile
    EXPECT_EQ(run(at->sealed.replace(std::move(pairs), soon())), 5U);
    EXPECT_EQ(sealed_with("ew"), 5U);
    EXPECT_EQ(there("ann")->sealed_tokens, connection("ann", 2).sealed_tokens);
    EXPECT_EQ(there("bob")->sealed_tokens, "newbob2");
    EXPECT_EQ(there("bob")->version, 2U);
}

TEST_P(StoreSuite, V08ACounterOnlyGrowsByWhatIsAdded) {
    EXPECT_EQ(run(at->facts.add_to_counter("key_uses:a", 0, soon())), 0U);
    EXPECT_EQ(run(at->facts.add_to_counter("key_uses:a", 4096, soon())), 4096U);
    EXPECT_EQ(run(at->facts.add_to_counter("key_uses:a", 5, soon())), 4101U);
    EXPECT_EQ(run(at->facts.add_to_counter("key_uses:b", 1, soon())), 1U);
}

TEST_P(StoreSuite, AnswersAPingAndRefusesWhatComesAfterItsDeadline) {
    run(at->on().beat(soon()));
    const auto late = run_on(loop, at->on().beat(deadline{steady_now()}));
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().code(), errc::deadline_exceeded);
}

} // namespace gateway::testing
