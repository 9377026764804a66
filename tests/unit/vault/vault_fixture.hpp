// A vault on a real SQLite store in a temporary folder.
#pragma once
#include "base/digest.hpp"
#include "store/queries.hpp"
#include "store/sqlite/database.hpp"
#include "store/store.hpp"
#include "unit/runtime/run_on.hpp"
#include "unit/store/count_sealed.hpp"
#include "unit/store/temporary_folder.hpp"
#include "vault/sealing.hpp"
#include "vault/token_vault.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

namespace gateway::testing {

inline vault::key_ring ring_of(const std::string& ids) {
    std::string text;
    for (const char id : ids)
        text += std::string(1, id) + ":" + to_base64(std::string(32, id)) + "\n";
    return *vault::key_ring::parse(text);
}

inline vault::fresh_tokens pair(const std::string& number, milliseconds lifetime = milliseconds{7'200'000}) {
    vault::fresh_tokens out;
    out.access_token = secret{"act." + number};
    out.refresh_token = secret{"rft." + number};
    out.account = open_id::trusted("open-1");
    out.scopes = "user.info.basic,video.list";
    out.access_lifetime = lifetime;
    out.refresh_lifetime = milliseconds{15'552'000'000};
    return out;
}

inline vault::pair_store pairs_of(store::store& at) {
    return {at.connections, at.refreshes, at.proofs, at.revocations, at.sealed, at.facts};
}

/// As another process of the same store, perhaps under another TikTok app.
inline vault::token_vault vault_on(store::store& at, vault::key_ring keys, const std::string& app = "app-key",
                                   std::size_t cached_users_max = 100'000) {
    return {pairs_of(at), std::move(keys), app, cached_users_max};
}

class vault_fixture : public ::testing::Test {
protected:
    void SetUp() override { start("a"); }

    void start(const std::string& key_ids) { start(ring_of(key_ids)); }
    void start(vault::key_ring keys) {
        vault.reset();
        records.reset();
        records = *store::open_store("sqlite:" + path());
        vault = std::make_unique<vault::token_vault>(pairs_of(*records), std::move(keys), client_key);
        checked = run_on(loop, vault->check_keys(soon()));
    }
    void start_good(const std::string& key_ids) {
        start(key_ids);
        ASSERT_TRUE(checked) << checked.error().message();
    }
    /// Changes the database file directly.
    void tamper(const char* sql) {
        vault.reset();
        records.reset();
        auto at = *store::sqlite_database::open(path());
        at->execute(sql);
        ASSERT_FALSE(at->failed()) << at->error();
    }
    std::string path() const { return folder.file("gateway.db"); }
    vault::shared_tokens grant(const std::string& name, vault::fresh_tokens fresh,
                               wall_time now = wall_now()) {
        const auto saved = run_on(loop, vault->save_grant(user_id::trusted(name), std::move(fresh),
                                                          vault::account_change::allowed, {}, now, soon()));
        if (!saved) throw std::runtime_error(saved.error().message());
        return saved->tokens;
    }
    /// The number of values under the key.
    std::uint64_t under(const std::string& key) {
        return count_sealed(loop, records->sealed, vault::key_mark(key));
    }
    /// With an account of the user's own, because an account has at most 50 users.
    vault::shared_tokens grant_other(const std::string& name) {
        auto fresh = pair("1");
        fresh.account = open_id::trusted("open-" + name);
        return grant(name, std::move(fresh));
    }
    std::uint64_t rows_of(const std::string& table, const std::string& where = "1 = 1") {
        auto count = [table, where](store::transaction& at) -> task<std::uint64_t> {
            return number_of(at,
                             store::statement::composed("SELECT count(*) FROM " + table + " WHERE " + where));
        };
        return *run_on(loop, store::run(records->on(), store::unit::reads(), soon(), std::move(count)));
    }
    result<vault::shared_tokens> load(const std::string& name) {
        return run_on(loop, vault->load(user_id::trusted(name), soon()));
    }

    temporary_folder folder;
    worker loop;
    std::string client_key = "app-key"; // of the TikTok app, for the next start()
    std::unique_ptr<store::store> records;
    std::unique_ptr<vault::token_vault> vault;
    result<void> checked;
};

} // namespace gateway::testing
