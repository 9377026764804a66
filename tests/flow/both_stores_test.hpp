// The fixtures of the flow tests that are the same on SQLite and on PostgreSQL.
#pragma once
#include "base/digest.hpp"
#include "flow/login_test.hpp"
#include "harness/postgresql_server.hpp"
#include "harness/sqlite_file.hpp"

#include <boost/json/serialize.hpp>

#include <optional>
#include <string>

/// On SQLite, or on a PostgreSQL of its own.
class either_store_test : public login_test {
protected:
    void use_postgresql() {
        server.emplace();
        w.options.variables["TIKTOK_GATEWAY__STORE__URL"] = server->url("gateway");
        w.options.variables["TIKTOK_GATEWAY__STORE__SCHEMA"] = "gateway";
        w.plant(harness::postgresql_server::password);
    }
    /// As somebody who can write to the database.
    std::string sql(const std::string& text) {
        if (server) return server->run("gateway", text);
        return harness::run_sqlite((w.folder().path() / "gateway.db").string(), text);
    }
    std::optional<harness::postgresql_server> server;
};

class both_stores_test : public either_store_test, public testing::WithParamInterface<bool> {
protected:
    void SetUp() override {
        w.simulator_settings = wide_tiktok;
        if (GetParam()) use_postgresql();
    }
    /// A second caller, `other`, for users that fit `users`, a list of YAML.
    harness::http_client other_caller() {
        harness::http_client client(w.gateway().port(), w.heard());
        client.always_send("Authorization", "Bearer " + other_key);
        return client;
    }
    void allow_other_caller(const std::string& users) {
        w.plant(other_key);
        w.options.variables["TIKTOK_GATEWAY__CALLERS"] =
            "[{name: flow, return_url_prefixes: ['https://app.example.com/tiktok'], key_sha256: "
            + sha256_of(w.caller_key()) + "}, {name: other, users: " + users
            + ", key_sha256: " + sha256_of(other_key) + "}]";
    }
    /// Its text without the id of the request, which every answer has for itself.
    static std::string without_request_id(const harness::answer& got) {
        auto body = got.json().as_object();
        body["problem"].as_object().erase("request_id");
        return std::to_string(got.status) + boost::json::serialize(body);
    }

    const std::string other_key = "tgk_" + gateway::to_hex(gateway::random_bytes(20));
};

/// Names the tests.
inline std::string engine_of(const testing::TestParamInfo<bool>& made) {
    return made.param ? "Postgresql" : "Sqlite";
}
