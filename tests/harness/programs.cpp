#include "harness/programs.hpp"

#include "base/digest.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <csignal>
#include <filesystem>
#include <stdexcept>

namespace harness {

namespace {

std::uint16_t port_in(const boost::json::object& line, std::string_view key) {
    const std::string url(line.at(key).as_string());
    return static_cast<std::uint16_t>(std::stoul(url.substr(url.rfind(':') + 1)));
}

boost::json::object object_of(const answer& got, const char* what) {
    const auto value = got.json();
    if (got.status != 200 || !value.is_object())
        throw std::runtime_error(std::string("simulator: ") + what + ": " + std::to_string(got.status) + " "
                                 + got.body);
    return value.as_object();
}

constexpr const char* simulator_settings = R"(
apps:
  - client_key: flow-client-key
    client_secret: @SECRET@
    kind: desktop
    redirect_uris: ["http://127.0.0.1:*/oauth/callback"]
    verified_prefixes: ["https://media.example.com/"]
    @APP@
accounts:
  - {username: alice, display_name: Alice, bio_description: One, is_verified: true, follower_count: 18234,
     following_count: 211, likes_count: 402117, made_up_videos: 25}
  - {username: bob, display_name: Bob, follower_count: 3, made_up_videos: 1}
  - {username: carol, display_name: Carol, privacy: private}
timing: {processing_ms: 50, moderation_ms: 50, pull_start_ms: 10}
)";

} // namespace

simulator_process::simulator_process(const std::string& program, const temp_folder& folder,
                                     const std::string& client_secret, const std::string& more) {
    std::string text = simulator_settings;
    text.replace(text.find("@SECRET@"), 8, client_secret);
    // Lines that begin with `app.` belong to the app, the others to the top level.
    std::string of_app, others;
    for (std::size_t at = 0; at < more.size();) {
        const auto end = std::min(more.find('\n', at), more.size());
        const std::string line = more.substr(at, end - at);
        if (line.starts_with("app."))
            of_app += line.substr(4) + "\n    ";
        else
            others += line + "\n";
        at = end + 1;
    }
    // A section given by the test replaces the default one.
    if (others.find("timing:") != std::string::npos) text.erase(text.find("timing:"));
    if (others.find("accounts:") != std::string::npos)
        text.erase(text.find("accounts:"), text.find("timing:") - text.find("accounts:"));
    text.replace(text.find("@APP@"), 5, of_app);
    text += others + "directory: " + (folder.path() / "simulator").string() + "\n";
    std::filesystem::create_directories(folder.path() / "simulator");
    const std::string file = folder.write("simulator.yaml", text);
    process_ = std::make_unique<child_process>(std::vector<std::string>{program, "--config", file},
                                               folder.path().string());
    const auto line = boost::json::parse(process_->first_line()).as_object();
    api_port_ = port_in(line, "api");
    upload_port_ = port_in(line, "upload");
    ca_file_ = line.at("ca_file").as_string();
    control_ = std::make_unique<http_client>(port_in(line, "control"));
}

boost::json::object simulator_process::make_tokens(const boost::json::object& what) const {
    return object_of(control_->post("/tokens", what), "tokens");
}

void simulator_process::add_fault(const boost::json::value& fault) const {
    object_of(control_->post("/faults", fault), "fault");
}

void simulator_process::clear_faults() const {
    object_of(control_->del("/faults"), "faults");
}

void simulator_process::change(const boost::json::value& settings) const {
    object_of(control_->post("/settings", settings), "settings");
}

boost::json::object simulator_process::history() const {
    return object_of(control_->get("/history"), "history");
}

std::set<std::string> simulator_process::secrets() const {
    std::set<std::string> all;
    for (const auto& kind : object_of(control_->get("/history/secrets"), "secrets"))
        for (const auto& one : kind.value().as_array())
            all.emplace(one.as_string());
    return all;
}

boost::json::object simulator_process::post(const std::string& publish_id) const {
    const auto got = control_->get("/history/posts/" + publish_id);
    return got.status == 404 ? boost::json::object{} : object_of(got, "post");
}

void simulator_process::advance_clock(gateway::milliseconds by) const {
    object_of(control_->post("/clock", boost::json::object{{"advance_ms", by.count()}}), "clock");
}

std::string keys_file_in(const temp_folder& folder) {
    const auto path = folder.path() / "vault.keys";
    if (std::filesystem::exists(path)) return path.string();
    return folder.write("vault.keys", "flow-key-1:" + gateway::to_base64(gateway::random_bytes(32)) + "\n");
}

std::map<std::string, std::string> gateway_variables(const temp_folder& folder,
                                                     const simulator_process& tiktok,
                                                     const gateway_options& options,
                                                     const std::string& caller_key) {
    const std::string api = "https://localhost:" + std::to_string(tiktok.api_port());
    std::map<std::string, std::string> variables{
        {"TIKTOK_GATEWAY__LISTEN__PORT", "0"},
        {"TIKTOK_GATEWAY__ADMIN__PORT", "0"},
        {"TIKTOK_GATEWAY__WORKERS", "2"},
        {"TIKTOK_GATEWAY__PUBLIC_URL", "http://127.0.0.1:1"},
        {"TIKTOK_GATEWAY__TIKTOK__API_URL", api},
        {"TIKTOK_GATEWAY__TIKTOK__AUTHORIZE_URL", api + "/v2/auth/authorize/"},
        {"TIKTOK_GATEWAY__TIKTOK__CA_FILE", tiktok.ca_file()},
        {"TIKTOK_GATEWAY__TIKTOK__UPLOAD_HOSTS",
         "['127.0.0.1:" + std::to_string(tiktok.upload_port()) + "']"},
        {"TIKTOK_GATEWAY__TIKTOK__CLIENT_KEY", simulator_process::client_key},
        {"TIKTOK_GATEWAY__TIKTOK__CLIENT_SECRET_FILE", (folder.path() / "client.secret").string()},
        {"TIKTOK_GATEWAY__STORE__URL", "sqlite:" + (folder.path() / "gateway.db").string()},
        {"TIKTOK_GATEWAY__VAULT__KEYS_FILE", keys_file_in(folder)},
        {"TIKTOK_GATEWAY__FILES__DIRECTORY", (folder.path() / "files").string()},
        {"TIKTOK_GATEWAY__DRAIN__DELAY_MS", "0"}};
    if (options.with_caller_key)
        variables["TIKTOK_GATEWAY__CALLERS"] =
            "[{name: flow, key_sha256: " + gateway::to_hex(gateway::sha256(caller_key))
            + ", requests_per_minute: " + std::to_string(options.requests_per_minute) + "}]";
    for (const auto& [name, value] : options.variables)
        variables[name] = value;
    return variables;
}

gateway_process::gateway_process(const std::string& program, const temp_folder& folder,
                                 const simulator_process& tiktok, const std::string& client_secret,
                                 const std::string& caller_key, const gateway_options& options) {
    folder.write("client.secret", client_secret);
    const std::string file = folder.write("gateway.yaml", options.settings + "\n");
    process_ = std::make_unique<child_process>(std::vector<std::string>{program, "--config", file},
                                               folder.path().string(),
                                               gateway_variables(folder, tiktok, options, caller_key));
    const auto text = process_->first_line();
    const auto line = boost::json::parse(text).as_object();
    if (!line.contains("api")) throw std::runtime_error("the gateway does not start: " + text);
    port_ = port_in(line, "api");
    admin_port_ = port_in(line, "admin");
}

std::optional<int> gateway_process::stop(gateway::milliseconds patience) {
    process_->signal(SIGTERM);
    return process_->wait(patience);
}

} // namespace harness
