// The fixture of the flow tests of replicas: three gateways on one PostgreSQL, calls to all of them at the
// same time, and the search for secrets in the database.
#pragma once
#include "flow/action_test.hpp"
#include "harness/postgresql_server.hpp"

#include <array>
#include <cstddef>
#include <string>
#include <thread>
#include <vector>

class replicas_test : public action_test {
protected:
    /// `settings` of each gateway, `tiktok` of the simulator.
    replicas_test(std::string settings, std::string tiktok) {
        w.options.settings = std::move(settings);
        w.options.variables["TIKTOK_GATEWAY__STORE__URL"] = server.url("gateway");
        w.options.variables["TIKTOK_GATEWAY__STORE__SCHEMA"] = "gateway";
        w.options.variables["TIKTOK_GATEWAY__LIMITS__TIKTOK__PENDING_SHARES_PER_DAY"] = "0";
        w.simulator_settings = std::move(tiktok);
        w.plant(harness::postgresql_server::password);
        all = {&w.gateway(), &w.another_gateway(), &w.another_gateway()};
    }

    /// Searches the database for secrets, as the files are searched (G03).
    void TearDown() override {
        for (const char* table :
             {"connections", "kept_tokens", "posts", "idempotency_keys", "oauth_states", "meta", "leases",
              "refresh_intents", "window_shares", "other_app_connections", "import_proofs", "revocations",
              "pending_grants", "webhook_events", "webhook_deliveries"}) {
            const auto text = server.run(
                "gateway", "SELECT coalesce(string_agg(t::text, ' '), '') FROM " + std::string(table) + " t");
            for (const auto& found : w.secrets_in(text))
                ADD_FAILURE() << "a secret was seen: " << found << " in " << table;
        }
        action_test::TearDown();
    }

    /// Makes `count` calls at the same time, to each replica in turn.
    template <class Call>
    std::vector<harness::answer> at_once(std::size_t count, Call call) {
        std::vector<harness::answer> answers(count);
        std::vector<std::jthread> callers;
        for (std::size_t i = 0; i < count; ++i)
            callers.emplace_back([&, i] { answers[i] = call(w.api_of(*all[i % all.size()])); });
        callers.clear();
        return answers;
    }

    static constexpr const char* photos_path = "/v2/post/publish/content/init/";
    harness::postgresql_server server;
    std::array<harness::gateway_process*, 3> all{};
};
