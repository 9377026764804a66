// What is listed of the posts of a user, and counted of those of an account.
#include "posts/post_facts.hpp"
#include "unit/store/post_records.hpp"

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace gateway::testing {

using store::post_state;

namespace {

struct told_post {
    post_state state;
    std::string status;
};

} // namespace

TEST_P(StoreSuite, TheListOfOneStateHasThePostsThatAreToldSo) {
    const std::vector<told_post> all{{post_state::begun, ""},
                                     {post_state::begun, "PROCESSING_UPLOAD"},
                                     {post_state::settled, "PROCESSING_DOWNLOAD"},
                                     {post_state::settled, "SOMETHING_NEW"},
                                     {post_state::settled, "SEND_TO_USER_INBOX"},
                                     {post_state::settled, "PUBLISH_COMPLETE"},
                                     {post_state::settled, "FAILED"},
                                     {post_state::outcome_unknown, ""},
                                     {post_state::outcome_unknown, "PROCESSING_UPLOAD"},
                                     {post_state::outcome_unknown, "FAILED"}};
    std::map<std::string, std::vector<std::string>> expected;
    for (std::size_t number = 0; number < all.size(); ++number) {
        const auto name = "0100" + std::to_string(number);
        auto one = uploaded_post(name, name);
        ASSERT_TRUE(run(at->ledger.begin(one, soon())));
        one.state = all[number].state;
        one.status = all[number].status;
        ASSERT_TRUE(run(at->ledger.update(one, soon())));
        auto& listed = expected[std::string(posts::state_of(one))];
        listed.insert(listed.begin(), name);
    }
    EXPECT_EQ(expected.size(), 5U);
    for (const auto& [state, attempts] : expected) {
        store::post_filter which;
        which.state = state;
        std::vector<std::string> found;
        std::string cursor;
        do {
            const auto page = run(at->ledger.list(user("ann"), which, cursor, 2, soon()));
            for (const auto& one : page.rows)
                found.push_back(one.attempt);
            cursor = page.next;
        } while (!cursor.empty());
        EXPECT_EQ(found, attempts) << state;
    }
}

TEST_P(StoreSuite, TheListOfATimeHasThePostsThatWereBegunInIt) {
    std::vector<std::string> attempts;
    for (std::int64_t second = 0; second < 6; ++second) {
        attempts.push_back(new_ulid(at_second(second)));
        auto one = uploaded_post(attempts.back(), "p" + std::to_string(second));
        ASSERT_TRUE(run(at->ledger.begin(one, soon())));
    }
    const auto listed = [&](std::optional<wall_time> since, std::optional<wall_time> until,
                            const std::string& cursor = "") {
        const store::post_filter which{.state = "", .since = since, .until = until};
        std::string ids;
        for (const auto& one : run(at->ledger.list(user("ann"), which, cursor, 100, soon())).rows)
            ids += one.id.text().substr(1);
        return ids;
    };
    EXPECT_EQ(listed({}, {}), "543210");
    EXPECT_EQ(listed(at_second(2), {}), "5432") << "since is a time of the list";
    EXPECT_EQ(listed({}, at_second(2)), "10") << "until is none";
    EXPECT_EQ(listed(at_second(1), at_second(4)), "321");
    EXPECT_EQ(listed(at_second(1), at_second(4), attempts[2]), "1") << "the next page of the same list";
    EXPECT_EQ(listed(at_second(4), at_second(4)), "");
    EXPECT_EQ(listed(at_second(2) + milliseconds{1}, {}), "543");
}

TEST_P(StoreSuite, TheDaysPostsOfAnAccountAreThoseOfAllItsUsers) {
    for (const char* name : {"ann", "bob", "cid"}) {
        auto held = connection(name, 1);
        if (held.user != user("cid")) held.account = open_id::trusted("shared");
        ASSERT_TRUE(put(held, 0));
    }
    const auto begin = [&](const std::string& name, std::int64_t second, const std::string& id,
                           const std::string& kind, const std::string& status) {
        auto one = uploaded_post(new_ulid(at_second(second)), id);
        one.user = user(name);
        one.kind = kind;
        one.status = status;
        EXPECT_TRUE(run(at->ledger.begin(one, soon())));
    };
    begin("ann", 1, "old", "inbox_file", "SEND_TO_USER_INBOX");
    begin("ann", 10, "a1", "inbox_file", "SEND_TO_USER_INBOX");
    begin("bob", 11, "b1", "direct_file", "PUBLISH_COMPLETE");
    begin("ann", 12, "a2", "direct_photo", "FAILED");
    begin("cid", 13, "c1", "direct_url", "PROCESSING_DOWNLOAD");
    begin("dan", 14, "d1", "direct_url", "PROCESSING_DOWNLOAD"); // not connected: the account is not known
    const auto recent = [&](const std::string& name, std::uint32_t limit = 10) {
        std::string ids;
        for (const auto& one : run(at->ledger.recent_of_account(user(name), at_second(5), limit, soon())))
            ids += one.id.text() + ' ';
        return ids;
    };
    EXPECT_EQ(recent("ann"), "b1 a1 ");
    EXPECT_EQ(recent("bob", 1), "b1 ");
    EXPECT_EQ(recent("cid"), "c1 ");
    EXPECT_EQ(recent("dan"), "");
    EXPECT_EQ(run(at->ledger.active_accounts(at_second(5), 100, soon())), 2U);
    EXPECT_EQ(run(at->ledger.active_accounts(at_second(12), 100, soon())), 1U);
    EXPECT_EQ(run(at->ledger.active_accounts(at_second(5), 1, soon())), 1U);
}

TEST_P(StoreSuite, ADraftsClaimIsReadWithoutClaimingIt) {
    EXPECT_FALSE(run(at->ledger.find_draft_claim(user("ann"), post_id("d"), soon())));
    EXPECT_EQ(run(at->ledger.claim_draft(user("ann"), post_id("d"), "01A", soon())), "01A");
    EXPECT_EQ(run(at->ledger.find_draft_claim(user("ann"), post_id("d"), soon())), "01A");
    EXPECT_FALSE(run(at->ledger.find_draft_claim(user("bob"), post_id("d"), soon())));
}

} // namespace gateway::testing
