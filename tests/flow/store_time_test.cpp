// The store's time is for everybody: a caller with huge lists, another process that has locked the file, and
// a start after a crash with a large ledger (docs/promises.md L09, P03).
#include "base/digest.hpp"
#include "harness/flow_test.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

using gateway::milliseconds;
using gateway::seconds;
using gateway::steady_now;

/// The gateway's database, opened by somebody else.
class database {
public:
    explicit database(const harness::world& w) {
        const auto path = (w.folder().path() / "gateway.db").string();
        if (sqlite3_open(path.c_str(), &at_) != SQLITE_OK) throw std::runtime_error("cannot open " + path);
    }
    ~database() { sqlite3_close(at_); }
    database(const database&) = delete;
    database& operator=(const database&) = delete;

    void execute(const std::string& sql) {
        if (sqlite3_exec(at_, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK)
            throw std::runtime_error(sqlite3_errmsg(at_));
    }

private:
    sqlite3* at_ = nullptr;
};

std::string numbers(int count) {
    return "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < " + std::to_string(count)
           + ") ";
}

class StoreTime : public harness::flow_test {
protected:
    /// A second caller, whose users are those of `pattern`.
    void add_greedy_caller(const std::string& pattern) {
        const auto hash_of = [](const std::string& key) { return gateway::to_hex(gateway::sha256(key)); };
        w.options.variables["TIKTOK_GATEWAY__CALLERS"] =
            "[{name: quiet, key_sha256: " + hash_of(w.caller_key()) + ", requests_per_minute: 1000000}, "
            + "{name: greedy, key_sha256: " + hash_of(greedy_key)
            + ", requests_per_minute: 1000000, users: ['" + pattern + "']}]";
    }
    harness::http_client greedy() {
        auto client = w.stranger();
        client.always_send("Authorization", "Bearer " + greedy_key);
        return client;
    }
    /// Connected users besides; not to be refreshed.
    void add_users(int count) {
        const auto now = std::to_string(gateway::unix_ms(gateway::wall_now()));
        database(w).execute(
            numbers(count)
            + "INSERT INTO connections (user_id, open_id, scopes, state, cause, version, sealed_tokens, "
              "access_expires_at, refresh_expires_at, connected_at, updated_at) "
              "SELECT 'user-' || i, 'open-' || i, 'user.info.basic', 'connected', '', 1, zeroblob(600), "
            + now + " + 86400000, " + now + " + 864000000000, " + now + ", " + now + " FROM n");
    }

    const std::string greedy_key = "tk_greedy_0123456789abcdefghijklmnopqrstuv";
};

TEST_F(StoreTime, AuditJAListThatFindsNobodyCostsOnePageAndKeepsNobodyWaiting) {
    add_greedy_caller("*-nobody-is-called-so");
    w.connect("quiet-user");
    ASSERT_EQ(w.stop_gateway(), 0);
    add_users(30'000);
    w.gateway();
    std::atomic<bool> enough{false};
    std::atomic<int> pages{0}, wrong{0};
    std::vector<std::thread> lists;
    for (int i = 0; i < 8; ++i)
        lists.emplace_back([&, client = greedy()] {
            std::string cursor;
            while (!enough) {
                const auto page = client.get("/v1/users" + (cursor.empty() ? "" : "?cursor=" + cursor));
                cursor = page.text_at("data.next_cursor");
                ++pages;
                if (page.status != 200 || !page.at("data.users").as_array().empty()) ++wrong;
            }
        });
    milliseconds slowest{0};
    for (int i = 0; i < 40; ++i) {
        const auto began = steady_now();
        EXPECT_EQ(w.api().get("/v1/users/quiet-user").status, 200);
        slowest = std::max(slowest, std::chrono::duration_cast<milliseconds>(steady_now() - began));
    }
    enough = true;
    for (auto& each : lists)
        each.join();
    EXPECT_LT(slowest, milliseconds{1'000});
    EXPECT_GT(pages, 8);
    EXPECT_EQ(wrong, 0);
}

TEST_F(StoreTime, AuditJADeadlineHoldsWhileAnotherProcessHasLockedTheStore) {
    w.connect("user");
    database backup(w);
    backup.execute("BEGIN EXCLUSIVE");
    const auto began = steady_now();
    const auto late =
        w.api().post("/v1/users/user/connect", boost::json::object{}, {{"X-Request-Timeout", "1"}});
    const auto took = steady_now() - began;
    EXPECT_EQ(late.status, 504) << late.raw;
    EXPECT_EQ(late.code(), "deadline_exceeded");
    EXPECT_GE(took, milliseconds{900});
    EXPECT_LT(took, milliseconds{2'500});
    EXPECT_EQ(w.api().get("/v1/users/user", {{"X-Request-Timeout", "1"}}).status, 200) << "reads go on";
    backup.execute("COMMIT");
    EXPECT_EQ(w.api().post("/v1/users/user/connect", boost::json::object{}).status, 200);
}

TEST_F(StoreTime, P03AuditJAfterAKillWithALargeLedgerItIsReadyAndAnswers) {
    w.connect("user");
    ASSERT_EQ(w.stop_gateway(SIGKILL), 128 + SIGKILL);
    const auto now = std::to_string(gateway::unix_ms(gateway::wall_now()));
    {
        database at(w);
        at.execute(numbers(50'000)
                   + "INSERT INTO posts (attempt, user_id, caller, publish_id, action, kind, state, status, "
                     "fail_reason, settings, file_id, draft, published_as, post_ids, size_bytes, sha256, "
                     "created_at, updated_at, owner, idempotency_key) "
                     "SELECT printf('00%024d', i), CASE WHEN i % 500 = 7 THEN 'user' ELSE 'user-' || (i % 500) END, 'flow', 'p' || i, "
                     "'TIKTOK_POST_PHOTO', 'photo', 'settled', 'PUBLISH_COMPLETE', '', '{}', '', '', '', '[]', "
                     "0, '', 0, 0, 'gone', 'key-' || i FROM n");
        at.execute(numbers(100)
                   + "INSERT INTO idempotency_keys (caller, key, fingerprint, finished, status, answer, "
                     "request_id, created_at, expires_at, owner) SELECT 'flow', 'open-' || i, x'00', 0, 0, "
                     "x'', 'r', "
                   + now + ", " + now + " + 86400000, 'gone' FROM n");
    }
    const auto began = steady_now();
    w.gateway();
    EXPECT_EQ(w.admin().get("/readyz").status, 200);
    EXPECT_EQ(w.api().get("/v1/users/user").status, 200);
    EXPECT_LT(steady_now() - began, seconds{2});
    EXPECT_TRUE(w.gateway().process().says("keys_settled_after_crash", seconds{10}));
    EXPECT_EQ(w.api().get("/v1/users/user/posts?limit=100").at("data.posts").as_array().size(), 100U);
}

} // namespace
