#include "harness/world.hpp"

#include "base/digest.hpp"
#include "harness/secret_search.hpp"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <map>
#include <stdexcept>

namespace harness {

namespace {

namespace fs = std::filesystem;

/// Files of the operator, which contain secrets in plain text, and files of the simulator.
bool is_of_others(const std::string& name) {
    return name == "vault.keys" || name.ends_with(".secret") || name.starts_with("simulator");
}

/// Without blocks of zeros, of which a preallocated file has many.
std::string bytes_of(const fs::path& file) {
    const std::string zeros(64 * 1024, '\0');
    std::string block = zeros, all;
    std::ifstream from(file, std::ios::binary);
    do {
        from.read(block.data(), static_cast<std::streamsize>(block.size()));
        const std::string_view got(block.data(), static_cast<std::size_t>(from.gcount()));
        if (got != std::string_view(zeros).substr(0, got.size())) all += got;
    } while (from);
    return all;
}

/// The database with its log, and all other files of the gateway, by name.
std::map<std::string, std::string> files_of_gateway(const fs::path& folder) {
    std::map<std::string, std::string> files;
    std::error_code gone; // a file may be removed meanwhile
    for (fs::recursive_directory_iterator at(folder, gone), end; !gone && at != end; at.increment(gone)) {
        const std::string name = at->path().lexically_relative(folder).string();
        if (is_of_others(name) || !at->is_regular_file(gone)) continue;
        files[name] = bytes_of(at->path());
    }
    return files;
}

} // namespace

world::world(std::string gateway_program, std::string simulator_program)
    : gateway_program_(std::move(gateway_program)),
      simulator_program_(std::move(simulator_program)),
      client_secret_(gateway::to_hex(gateway::random_bytes(20))),
      caller_key_("tgk_" + gateway::to_hex(gateway::random_bytes(20))),
      secrets_{client_secret_, caller_key_} {}

simulator_process& world::tiktok() {
    if (!tiktok_)
        tiktok_ = std::make_unique<simulator_process>(simulator_program_, folder_, client_secret_,
                                                      simulator_settings);
    return *tiktok_;
}

gateway_process& world::gateway() {
    if (!gateway_)
        gateway_ = std::make_unique<gateway_process>(gateway_program_, folder_, tiktok(), client_secret_,
                                                     caller_key_, options);
    return *gateway_;
}

std::optional<int> world::stop_gateway(int signal_number) {
    if (!gateway_) return std::nullopt;
    gateway_->process().signal(signal_number);
    auto& process = gateway_->process();
    const auto status = process.wait(gateway::seconds{40});
    // Its last lines may still be in the pipe when it has ended.
    said_before_ +=
        status ? process.output_at_end() + process.errors_at_end() : process.output() + process.errors();
    gateway_.reset();
    return status;
}

gateway_process& world::another_gateway() {
    others_.push_back(std::make_unique<gateway_process>(gateway_program_, folder_, tiktok(), client_secret_,
                                                        caller_key_, options));
    return *others_.back();
}

http_client world::api() {
    return api_of(gateway());
}

http_client world::api_of(const gateway_process& one) const {
    http_client client(one.port(), seen_);
    if (options.with_caller_key) client.always_send("Authorization", "Bearer " + caller_key_);
    return client;
}

http_client world::stranger() {
    return http_client(gateway().port(), seen_);
}

http_client world::admin() {
    return http_client(gateway().admin_port(), seen_);
}

http_client world::browser() {
    http_client client(tiktok().api_port());
    client.over_tls(tiktok().ca_file(), "localhost");
    return client;
}

void world::connect(const std::string& user, const boost::json::object& what) {
    const auto tokens = tiktok().make_tokens(what);
    const auto got = api().put("/v1/users/" + user + "/tokens", tokens);
    if (got.status != 200) throw std::runtime_error("import of tokens: " + got.raw);
}

std::string world::everything_logged() const {
    std::string all = said_before_;
    if (gateway_) all += gateway_->process().output() + gateway_->process().errors();
    for (const auto& one : others_)
        all += one->process().output() + one->process().errors();
    return all;
}

std::string world::everything_said() const {
    return everything_logged() + seen_->text();
}

void world::plant_what_tiktok_knows() {
    if (tiktok_) secrets_.merge(tiktok_->secrets());
}

void world::plant_vault_keys() {
    std::ifstream keys(folder_.path() / "vault.keys");
    for (std::string line; std::getline(keys, line);) {
        const auto bytes = gateway::from_base64(line.substr(line.find(':') + 1));
        if (bytes) plant(*bytes); // searched for in base64 and hex, too, like every secret
    }
}

/// Only if the gateway still answers, because tests end it in many ways.
void world::hear_metrics() {
    if (!gateway_) return;
    try {
        auto client = admin();
        client.wait_at_most(gateway::seconds{5});
        client.get("/metrics");
    } catch (const std::runtime_error&) {
    }
}

/// The state of a login may appear only in the answer to connect, as a part of its URL.
std::set<std::string> world::states_of_logins() const {
    std::set<std::string> states;
    const std::string text = seen_->text();
    constexpr std::string_view before = "&state=";
    for (auto at = text.find(before); at != std::string::npos; at = text.find(before, at + 1)) {
        const auto begin = at + before.size();
        states.insert(text.substr(begin, text.find_first_of("&\"", begin) - begin));
    }
    return states;
}

std::vector<std::string> world::secrets_in(std::string_view text) {
    plant_what_tiktok_knows();
    plant_vault_keys();
    return find_secrets(text, secrets_);
}

std::vector<std::string> world::secrets_seen() {
    hear_metrics();
    auto found = secrets_in(everything_said());
    auto not_kept = states_of_logins();
    for (auto& one : find_secrets(everything_logged(), not_kept))
        found.push_back(one + " in the log");
    not_kept.insert(secrets_.begin(), secrets_.end());
    for (const auto& [name, bytes] : files_of_gateway(folder_.path()))
        for (auto& one : find_secrets(bytes, not_kept))
            found.push_back(one + " in " + name);
    return found;
}

} // namespace harness
