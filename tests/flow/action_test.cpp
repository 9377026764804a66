#include "flow/action_test.hpp"

#include "base/digest.hpp"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>

#include <stdexcept>

namespace {

constexpr const char* drafts_variable = "TIKTOK_GATEWAY__LIMITS__TIKTOK__PENDING_SHARES_PER_DAY";

} // namespace

std::string action_test::another_user(const boost::json::object& what) {
    if (users_ == 0) {
        w.simulator_settings = wide_tiktok + w.simulator_settings;
        w.options.variables.try_emplace(drafts_variable, "0"); // no daily cap here either
    }
    const std::string user = "user-" + std::to_string(++users_);
    w.connect(user, what);
    return user;
}

void action_test::tiktok_refuses(std::string_view path, int status, std::string_view code, int times) {
    boost::json::object body{{"data", boost::json::object{}}};
    body["error"] = {
        {"code", code}, {"message", "Please review our integration guidelines"}, {"log_id", "20261123LOG"}};
    w.tiktok().add_fault(
        boost::json::object{{"match", {{"listener", "api"}, {"path", path}}},
                            {"times", times},
                            {"do", {{"apply", false}, {"status", status}, {"body", std::move(body)}}}});
}

std::size_t action_test::calls_of(std::string_view path) {
    std::size_t count = 0;
    const auto history = w.tiktok().history();
    for (const auto& each : history.at("requests").as_array())
        if (text_in(each.as_object(), "path") == path) ++count;
    return count;
}

harness::answer action_test::upload(const std::string& user, const std::string& bytes,
                                    const std::string& query, const harness::fields& more) {
    harness::fields fields = more;
    if (!fields.contains("Content-Type")) fields.emplace("Content-Type", "video/mp4");
    return w.api().call("POST", path_of(user, "/videos") + (query.empty() ? "" : "?" + query), fields, bytes);
}

std::string action_test::stage(const std::string& bytes) {
    const auto staged = w.api().call("POST", "/v1/files", {{"Content-Type", "video/mp4"}}, bytes);
    if (staged.status != 200) throw std::runtime_error("POST /v1/files: " + staged.raw);
    return staged.text_at("data.file_id");
}

boost::json::object action_test::settled_post(const std::string& publish_id, std::string_view state) {
    const auto end = gateway::steady_now() + gateway::seconds{20};
    boost::json::object post;
    do
        post = w.tiktok().post(publish_id); // each poll is a round trip, so this is not a busy loop
    while (text_in(post, "state") != state && text_in(post, "state") != "FAILED"
           && gateway::steady_now() < end);
    return post;
}

std::string mp4(std::size_t size_bytes) {
    constexpr char first_box[] =
        "\0\0\0\x18"
        "ftypisom"
        "\0\0\0\0"
        "isommp42";
    std::string bytes(first_box, sizeof(first_box) - 1);
    bytes.reserve(size_bytes);
    std::string noise(64 * 1024, '\0');
    std::uint32_t state = 1;
    for (char& byte : noise) {
        state = state * 1'664'525U + 1'013'904'223U;
        byte = static_cast<char>(state >> 24);
    }
    // Numbered, so that no two pieces of a file are alike.
    for (int number = 0; bytes.size() < size_bytes; ++number)
        bytes.append(std::to_string(number)).append(noise);
    bytes.resize(size_bytes);
    return bytes;
}

std::string sha256_of(std::string_view bytes) {
    return gateway::to_hex(gateway::sha256(bytes));
}

std::string text_in(const boost::json::object& from, std::string_view key) {
    const auto* found = from.if_contains(key);
    return found && found->is_string() ? std::string(found->as_string()) : std::string{};
}
