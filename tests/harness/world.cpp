#include "harness/world.hpp"

#include "base/digest.hpp"
#include "harness/secret_search.hpp"

#include <csignal>
#include <fstream>
#include <stdexcept>

namespace harness {

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
    const auto status = gateway_->process().wait(gateway::seconds{40});
    said_before_ += gateway_->process().output() + gateway_->process().errors();
    gateway_.reset();
    return status;
}

http_client world::api() {
    http_client client(gateway().port(), seen_);
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

std::string world::everything_said() const {
    std::string all = said_before_ + seen_->text();
    if (gateway_) all += gateway_->process().output() + gateway_->process().errors();
    return all;
}

void world::plant_what_tiktok_gave() {
    const auto past = tiktok_->history();
    for (const auto& account : past.at("accounts").as_object())
        for (const auto* kind : {"access_tokens", "refresh_tokens"})
            for (const auto& one : account.value().as_object().at(kind).as_array())
                plant(std::string(one.as_object().at("token").as_string()));
    for (const auto& post : past.at("posts").as_array())
        plant(std::string(post.as_object().at("upload_token").as_string()));
}

void world::plant_vault_keys() {
    std::ifstream keys(folder_.path() / "vault.keys");
    for (std::string line; std::getline(keys, line);) {
        const auto bytes = gateway::from_base64(line.substr(line.find(':') + 1));
        if (bytes) plant(*bytes); // its base64 and hex are searched for as those of every secret
    }
}

std::vector<std::string> world::secrets_seen() {
    if (tiktok_) plant_what_tiktok_gave();
    plant_vault_keys();
    return find_secrets(everything_said(), secrets_);
}

} // namespace harness
