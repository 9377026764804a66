// The fixture of the raw-socket flow tests: sends bytes and checks that the gateway refuses them as the
// failure catalogue requires: one problem, `Connection: close`, the connection closed, and no request after
// the refused bytes executed.
#pragma once
#include "harness/flow_test.hpp"

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace wire {

class wire_test : public harness::flow_test {
protected:
    static constexpr const char* user = "user-77";
    static constexpr gateway::milliseconds closes_within{
        3'000}; // the promise is 1 s; a busy machine gets more

    void SetUp() override { w.connect(user); }

    std::string key_field() const { return "Authorization: Bearer " + w.caller_key() + "\r\n"; }
    std::string host_field() { return "Host: 127.0.0.1:" + std::to_string(w.gateway().port()) + "\r\n"; }
    /// A request with Host and key; `fields` are whole lines.
    std::string request(std::string_view line, std::string_view fields = {}, std::string_view body = {}) {
        return std::string(line) + "\r\n" + host_field() + key_field() + std::string(fields) + "\r\n"
               + std::string(body);
    }
    std::string get(std::string_view target, std::string_view fields = {}) {
        return request("GET " + std::string(target) + " HTTP/1.1", fields);
    }
    /// A call that would reach TikTok.
    std::string reaching_tiktok() { return get(std::string("/v1/users/") + user + "/info"); }
    /// A valid body for POST …/connect.
    static constexpr std::string_view fine_body = R"({"scopes":["user.info.basic"]})";
    std::string connect_line() const { return std::string("POST /v1/users/") + user + "/connect HTTP/1.1"; }
    std::string connect_with(std::string_view body, std::string_view fields = {}) {
        return request(connect_line(),
                       "Content-Type: application/json\r\nContent-Length: " + std::to_string(body.size())
                           + "\r\n" + std::string(fields),
                       body);
    }

    std::uint64_t seen_by_tiktok() {
        return static_cast<std::uint64_t>(w.tiktok().history().at("requests_seen").to_number<std::int64_t>());
    }

    /// Everything that the gateway answers to these bytes until it closes.
    std::string say(std::string_view bytes, bool* closed = nullptr) {
        harness::raw_socket socket(w.gateway().port(), w.heard());
        socket.send(bytes);
        const auto all = socket.receive_all(closes_within);
        if (closed) *closed = socket.is_closed_by_peer(gateway::milliseconds{100});
        return all;
    }

    static std::size_t answers_in(std::string_view text) {
        std::size_t count = 0;
        constexpr std::string_view once = "\r\nX-Request-Id: ";
        for (auto at = text.find(once); at != std::string_view::npos; at = text.find(once, at + 1))
            ++count;
        return count;
    }

    /// Checks a refusal as described above. `bytes` are followed by a request that must never be executed.
    void expect_refused(std::string bytes, const std::vector<int>& statuses, const std::string& what = {}) {
        const auto shown = what.empty() ? testing::PrintToString(bytes.substr(0, 200)) : what;
        const auto before = seen_by_tiktok();
        bool closed = false;
        const auto all = say(bytes + reaching_tiktok(), &closed);
        const auto got = harness::parse_answer(all);
        EXPECT_NE(std::find(statuses.begin(), statuses.end(), got.status), statuses.end())
            << got.status << " to " << shown;
        EXPECT_EQ(answers_in(all), 1U) << shown << "\n" << all;
        EXPECT_EQ(got.header("connection"), "close") << shown;
        EXPECT_FALSE(got.code().empty()) << shown << "\n" << all;
        EXPECT_TRUE(closed) << shown;
        EXPECT_EQ(seen_by_tiktok(), before) << "bytes behind a refusal were run: " << shown;
    }
    void expect_refused(std::string bytes, int status) {
        expect_refused(std::move(bytes), std::vector<int>{status});
    }

    void expect_alive() {
        const auto got = w.api().get("/v1/users");
        EXPECT_EQ(got.status, 200) << got.raw;
    }
};

} // namespace wire
