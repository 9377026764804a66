// The test suite of the roles for every engine. An engine has a name, a function to open it in a folder, and
// one to advance its clock.
#pragma once
#include "store/store.hpp"
#include "unit/runtime/run_on.hpp"
#include "unit/store/count_sealed.hpp"
#include "unit/store/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>

namespace gateway::testing {

struct store_engine {
    std::string name;
    std::function<std::unique_ptr<store::store>(const temporary_folder&)> open;
    std::function<void(const temporary_folder&, milliseconds)> pass_time;
    /// Makes a store of an earlier version there.
    std::function<void(const temporary_folder&)> make_old = {};
};

inline user_id user(const std::string& text) {
    return user_id::trusted(text);
}
inline publish_id post_id(const std::string& text) {
    return publish_id::trusted(text);
}
inline caller_name caller(const std::string& text) {
    return caller_name::trusted(text);
}
inline wall_time at_second(std::int64_t second) {
    return from_unix_ms(1'795'000'000'000 + second * 1000);
}

inline store::connection_record connection(const std::string& name, std::uint64_t version) {
    store::connection_record out;
    out.user = user(name);
    out.account = open_id::trusted("open-" + name);
    out.scopes = "user.info.basic,video.list";
    out.version = version;
    out.sealed_tokens = std::string("sealed\0", 7) + name + std::to_string(version);
    out.access_expires_at = at_second(7200);
    out.refresh_expires_at = at_second(15'552'000);
    out.connected_at = out.updated_at = at_second(0);
    out.app = "app";
    out.proof = store::account_proof::pair;
    return out;
}

class StoreSuite : public ::testing::TestWithParam<store_engine> {
protected:
    void SetUp() override { at = GetParam().open(folder); }
    void TearDown() override { at.reset(); }

    /// Runs one call of a role; a failure ends the test.
    template <class T>
    T run(task<result<T>> call) {
        auto out = run_on(loop, std::move(call));
        if (!out) throw std::runtime_error(out.error().message());
        return std::move(*out);
    }
    void run(task<result<void>> call) {
        const auto out = run_on(loop, std::move(call));
        if (!out) throw std::runtime_error(out.error().message());
    }
    std::optional<store::connection_record> there(const std::string& name) {
        return run(at->connections.find(user(name), soon()));
    }
    bool put(store::connection_record record, std::uint64_t expected) {
        return bool(run(at->connections.put(std::move(record), expected, {}, soon())));
    }
    /// What of the user is there, with these revocations in place of its pairs.
    store::connection_end end(const std::string& name, store::revocation_record pair,
                              std::vector<store::revocation_record> beside, std::uint64_t version) {
        const store::leaving_user leaving{user(name), version, "app", std::move(pair), std::move(beside)};
        return run(at->connections.end(leaving, at_second(1), soon()));
    }
    /// All of the user, with nothing to revoke.
    bool forget(const std::string& name) {
        store::revocation_record pair;
        const auto seen = there(name);
        if (seen) pair.app = seen->app;
        if (seen) pair.account = seen->account;
        std::vector<store::revocation_record> beside;
        for (const auto& one : run(at->connections.find_all_beside(user(name), soon()))) {
            beside.emplace_back();
            beside.back().app = one.app;
            beside.back().version = one.version;
        }
        const auto ended = end(name, std::move(pair), std::move(beside), seen ? seen->version : 0);
        return ended.what != store::connection_end::kind::absent;
    }
    std::vector<store::revocation_record> due_revocations(const std::string& app = "app") {
        return run(at->revocations.due(app, 100, 10, soon()));
    }
    std::vector<user_id> revoke(const std::string& account, wall_time happened_at) {
        return run(at->connections.revoke(open_id::trusted(account), "app", happened_at, "user_disconnected",
                                          happened_at, soon()));
    }
    std::uint64_t sealed_with(const std::string& mark) { return count_sealed(loop, at->sealed, mark); }
    void pass_time_until(wall_time now) {
        if (now <= reached_) return;
        GetParam().pass_time(folder, now - reached_);
        reached_ = now;
    }
    std::optional<store::lease> take(const std::string& name, wall_time now) {
        pass_time_until(now);
        return run(at->refreshes.take_lease(user(name), milliseconds{10'000}, soon()));
    }

    temporary_folder folder;
    worker loop;
    std::unique_ptr<store::store> at;

private:
    wall_time reached_ = at_second(0);
};

/// The same with a store of an earlier version.
class OldStoreSuite : public StoreSuite {
protected:
    void SetUp() override {
        GetParam().make_old(folder);
        StoreSuite::SetUp();
    }
};

} // namespace gateway::testing
