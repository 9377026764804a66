// The environment of a flow test: a folder, a simulator, a gateway, clients for both, and secrets that must
// not appear anywhere. Derive a fixture from flow_test; the search for secrets runs at the end of each test,
// in the gateway's output and in its files.
#pragma once
#include "harness/http_client.hpp"
#include "harness/programs.hpp"
#include "harness/temp_folder.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>
#include <vector>

namespace harness {

class world {
public:
    world(std::string gateway_program, std::string simulator_program);

    /// Set these before the first use of the programs, which start with them automatically.
    gateway_options options;
    std::string simulator_settings;

    simulator_process& tiktok();
    gateway_process& gateway();
    /// Stops the gateway (SIGTERM, or SIGKILL); gateway() then starts a new one on the same folder.
    std::optional<int> stop_gateway(int signal_number = 15);

    /// Starts another gateway with the same settings: a replica, if the store can be shared. It ends with the
    /// world.
    gateway_process& another_gateway();

    /// A client with the caller's key.
    http_client api();
    http_client api_of(const gateway_process& one) const;
    /// A client without a key.
    http_client stranger();
    http_client admin();
    /// A browser at the simulator's authorize page.
    http_client browser();
    /// For a raw socket to the gateway, so that its received bytes are searched for secrets, too.
    std::shared_ptr<transcript> heard() const { return seen_; }

    /// Connects `user` to an account of the simulator by importing fresh tokens. `what` as in the simulator's
    /// POST /tokens: {"account": "bob", "scopes": ["video.list"], "expires_in": 5}.
    void connect(const std::string& user, const boost::json::object& what = {});

    const std::string& caller_key() const { return caller_key_; }
    const std::string& client_secret() const { return client_secret_; }
    const temp_folder& folder() const { return folder_; }
    /// Adds a text that must not appear anywhere.
    void plant(const std::string& secret) { secrets_.insert(secret); }
    /// The gateway's output so far: answers, stdout and stderr.
    std::string everything_said() const;
    /// The secrets of this test that `text` contains, also those that only the simulator has.
    std::vector<std::string> secrets_in(std::string_view text);
    /// The same for all of the gateway's output, its metrics and its files.
    std::vector<std::string> secrets_seen();

private:
    void plant_what_tiktok_knows();
    void plant_vault_keys();
    void hear_metrics();
    std::string everything_logged() const;
    std::set<std::string> states_of_logins() const;

    std::string gateway_program_, simulator_program_;
    temp_folder folder_;
    std::string client_secret_, caller_key_;
    std::set<std::string> secrets_;
    std::shared_ptr<transcript> seen_ = std::make_shared<transcript>();
    std::string said_before_; // by gateways that were stopped
    std::unique_ptr<simulator_process> tiktok_;
    std::unique_ptr<gateway_process> gateway_;
    std::vector<std::unique_ptr<gateway_process>> others_;
};

} // namespace harness
