// Uploads as raw bytes: wrong announced sizes, forms that are invalid at their end, clients that disconnect
// or stall.
#include "flow/wire_test.hpp"

#include <gmock/gmock.h>

namespace {

using testing::HasSubstr;
using testing::Not;

class WireUploads : public wire::wire_test {
protected:
    void SetUp() override {
        // Large limits, because windows are not tested here.
        w.options.settings =
            "limits: {tiktok: {inbox_init_per_minute: 100000, video_init_per_minute: 100000, "
            "pending_shares_per_day: 0}}\n";
        w.simulator_settings = "limits: {init_per_minute: 100000, drafts_per_day: 100000}\n";
        wire_test::SetUp();
    }
    std::string upload_line(std::string_view query = {}) const {
        return std::string("POST /v1/users/") + user + "/videos" + (query.empty() ? "" : "?")
               + std::string(query) + " HTTP/1.1";
    }
    /// Bytes that begin with the first box of an MP4.
    static std::string video(std::size_t size_bytes) {
        std::string bytes(
            "\0\0\0\x18"
            "ftypmp42\0\0\0\0mp42isom",
            24);
        for (std::size_t i = bytes.size(); i < size_bytes; ++i)
            bytes.push_back(static_cast<char>(i * 131 >> 3));
        return bytes;
    }
    static std::string length_field(std::size_t bytes) {
        return "Content-Length: " + std::to_string(bytes) + "\r\n";
    }
    static constexpr const char* as_video = "Content-Type: video/mp4\r\n";
    static constexpr const char* as_form = "Content-Type: multipart/form-data; boundary=b0\r\n";

    static std::string form(const std::string& file, const std::string& end = "\r\n--b0--\r\n") {
        return "--b0\r\nContent-Disposition: form-data; name=\"input\"\r\n\r\n{\"publish\":false}\r\n"
               "--b0\r\nContent-Disposition: form-data; name=\"file_to_upload\"; filename=\"a.mp4\"\r\n"
               "Content-Type: video/mp4\r\n\r\n"
               + file + end;
    }
    /// The number of posts at TikTok that have all their bytes.
    std::size_t whole_posts() {
        std::size_t count = 0;
        const auto history = w.tiktok().history();
        for (const auto& one : history.at("posts").as_array()) {
            const auto* digest = one.as_object().if_contains("sha256");
            count += digest && digest->is_string() && !digest->as_string().empty() ? 1U : 0U;
        }
        return count;
    }
};

TEST_F(WireUploads, C14AsksForAVideoOnlyWhenEverythingElseIsFine) {
    const auto bytes = video(200'000);
    harness::raw_socket waits(w.gateway().port(), w.heard());
    waits.send(request(upload_line(), as_video + length_field(bytes.size()) + "Expect: 100-continue\r\n"));
    EXPECT_EQ(waits.receive_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
    waits.send(bytes);
    EXPECT_EQ(harness::parse_answer(waits.receive_answer()).status, 200);
    for (const auto& [line, status] :
         {std::pair{upload_line("colour=red"), 422}, std::pair{upload_line("publish=perhaps"), 422},
          std::pair{std::string("POST /v1/users/user-99/videos HTTP/1.1"), 404}}) {
        const auto refused =
            say(request(line, as_video + length_field(bytes.size()) + "Expect: 100-continue\r\n"));
        EXPECT_EQ(harness::parse_answer(refused).status, status) << refused;
        EXPECT_THAT(refused, Not(HasSubstr("100 Continue")));
    }
}

TEST_F(WireUploads, C13WantsALengthForAVideo) {
    expect_refused(
        request(upload_line(), std::string(as_video) + "Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n"),
        411);
    expect_refused(request(upload_line(), as_video + length_field(5'000'000'000)), {413, 422});
}

TEST_F(WireUploads, M06AClientThatGoesLeavesNoPost) {
    const auto bytes = video(300'000);
    const auto before = whole_posts();
    for (const std::size_t sent :
         {std::size_t{0}, std::size_t{1}, std::size_t{1000}, std::size_t{150'000}, bytes.size() - 1}) {
        harness::raw_socket half_closes(w.gateway().port(), w.heard());
        half_closes.send(
            request(upload_line(), as_video + length_field(bytes.size()), bytes.substr(0, sent)));
        half_closes.end_sending();
        const auto got = harness::parse_answer(half_closes.receive_all(closes_within));
        EXPECT_TRUE(got.status == 400 || got.status == 422) << sent << got.raw;
        harness::raw_socket resets(w.gateway().port(), w.heard());
        resets.send(request(upload_line(), as_video + length_field(bytes.size()), bytes.substr(0, sent)));
        resets.reset();
    }
    expect_alive();
    EXPECT_EQ(whole_posts(), before);
}

TEST_F(WireUploads, M06AFormWithAWrongEndLeavesNoPost) {
    const auto before = whole_posts();
    const auto file = video(120'000);
    for (const std::string& body :
         {form(file, "\r\n--b0--\r"), form(file, "\r\n--b0--x\r\n"), form(file, "\r\n--b1--\r\n"),
          form(file, "--b0--\r\n"),
          form(file, "\r\n--b0\r\nContent-Disposition: form-data; name=\"input\"\r\n\r\n{}\r\n--b0--\r\n"),
          form(file, ""), form("").substr(0, 60)}) {
        const auto got = harness::parse_answer(
            say(request(upload_line(), as_form + length_field(body.size()) + "Connection: close\r\n", body)));
        EXPECT_TRUE(got.status == 400 || got.status == 422) << got.raw;
    }
    EXPECT_EQ(whole_posts(), before);
    EXPECT_TRUE(w.tiktok().history().at("posts").as_array().empty())
        << "an init was spent on a form that is none";
    const auto body = form(file);
    const auto fine = harness::parse_answer(
        say(request(upload_line(), as_form + length_field(body.size()) + "Connection: close\r\n", body)));
    EXPECT_EQ(fine.status, 200) << fine.raw;
    EXPECT_EQ(whole_posts(), before + 1);
}

TEST_F(WireUploads, C15AnUploadAndTheNextRequestShareAConnection) {
    const auto bytes = video(70'000);
    harness::raw_socket socket(w.gateway().port(), w.heard());
    for (int i = 0; i < 3; ++i) {
        socket.send(request(upload_line(), as_video + length_field(bytes.size()), bytes) + reaching_tiktok());
        EXPECT_EQ(harness::parse_answer(socket.receive_answer()).at("data.size"), 70'000);
        EXPECT_EQ(harness::parse_answer(socket.receive_answer()).text_at("data.user.display_name"), "Alice");
    }
}

TEST_F(WireUploads, C15ABodyThatWasRefusedIsNoRequest) {
    // The video of a refused upload contains text that looks like a request.
    const auto before = seen_by_tiktok();
    const std::string trojan = reaching_tiktok() + reaching_tiktok();
    const auto all = say(request(upload_line("colour=red"),
                                 as_video + length_field(trojan.size()) + "Connection: close\r\n", trojan));
    EXPECT_EQ(answers_in(all), 1U) << all;
    EXPECT_EQ(harness::parse_answer(all).status, 422) << all;
    EXPECT_EQ(seen_by_tiktok(), before);
    // The same on a connection that stays open: the body is discarded, then the next request follows.
    const auto two = say(request(upload_line("colour=red"), as_video + length_field(trojan.size()), trojan)
                         + get("/v1/users", "Connection: close\r\n"));
    EXPECT_LE(answers_in(two), 2U) << two;
    EXPECT_EQ(seen_by_tiktok(), before);
}

} // namespace
