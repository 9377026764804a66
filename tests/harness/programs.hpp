// Starts the two programs of the project for a test: the simulator and the gateway in front of it, with the
// test's settings, on free ports.
#pragma once
#include "harness/child_process.hpp"
#include "harness/http_client.hpp"
#include "harness/temp_folder.hpp"

#include <boost/json/object.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

namespace harness {

class simulator_process {
public:
    /// `program` as compiled in (SIMULATOR_PROGRAM); `more` are lines of YAML beside the usual app and
    /// accounts: `limits: {display_per_minute: 3}`.
    simulator_process(const std::string& program, const temp_folder& folder, const std::string& client_secret,
                      const std::string& more = {});

    std::uint16_t api_port() const { return api_port_; }
    std::uint16_t upload_port() const { return upload_port_; }
    const std::string& ca_file() const { return ca_file_; }
    /// Its control listener; these answers are not searched for secrets.
    const http_client& control() const { return *control_; }

    /// New tokens, in the format of TikTok's token endpoint; `what` as in POST /tokens.
    boost::json::object make_tokens(const boost::json::object& what = {}) const;
    void add_fault(const boost::json::value& fault) const;
    void clear_faults() const;
    /// Changes its settings: {"limits": {"init_per_minute": 2}}.
    void change(const boost::json::value& settings) const;
    boost::json::object history() const;
    /// All secrets that it gave out or received.
    std::set<std::string> secrets() const;
    /// A post with its true state; empty if there is none.
    boost::json::object post(const std::string& publish_id) const;
    void advance_clock(gateway::milliseconds by) const;
    child_process& process() { return *process_; }

    static constexpr const char* client_key = "flow-client-key";

private:
    std::unique_ptr<child_process> process_;
    std::uint16_t api_port_ = 0, upload_port_ = 0;
    std::string ca_file_;
    std::unique_ptr<http_client> control_;
};

/// Settings that a test gives the gateway; the others have defaults or are set by the harness.
struct gateway_options {
    std::string settings; // more lines of YAML, in addition to those of the harness: `limits: {tiktok: {…}}`
    std::map<std::string, std::string>
        variables;               // environment variables, which override what the harness sets
    bool with_caller_key = true; // one caller, who may do everything
    std::uint32_t requests_per_minute = 1'000'000;
};

/// The environment a gateway is started with: ports, folder, simulator, caller; expects client.secret in the
/// folder.
std::map<std::string, std::string> gateway_variables(const temp_folder& folder,
                                                     const simulator_process& tiktok,
                                                     const gateway_options& options,
                                                     const std::string& caller_key);

class gateway_process {
public:
    /// Throws when the gateway does not start.
    gateway_process(const std::string& program, const temp_folder& folder, const simulator_process& tiktok,
                    const std::string& client_secret, const std::string& caller_key,
                    const gateway_options& options);

    std::uint16_t port() const { return port_; }
    std::uint16_t admin_port() const { return admin_port_; }
    child_process& process() { return *process_; }
    const child_process& process() const { return *process_; }
    /// Sends SIGTERM and gives the exit status.
    std::optional<int> stop(gateway::milliseconds patience = gateway::seconds{40});

private:
    std::unique_ptr<child_process> process_;
    std::uint16_t port_ = 0, admin_port_ = 0;
};

/// The key ring for all starts with the same folder; created by the first call.
std::string keys_file_in(const temp_folder& folder);

} // namespace harness
