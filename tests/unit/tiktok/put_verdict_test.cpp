#include "tiktok/put_verdict.hpp"

#include "tiktok/upload_target.hpp"

#include <gtest/gtest.h>

namespace gateway::tiktok {
namespace {

constexpr std::uint64_t size = 300;
constexpr chunk middle{100, 199};
constexpr chunk last{200, 299};

put_outcome judged(int status, chunk piece, std::string_view content_range = {}, bool all_sent = true) {
    return classify_put({status, content_range, all_sent, false}, piece, size);
}

TEST(PutVerdict, GoesOnAfterWhatTheManualCallsSuccess) {
    EXPECT_EQ(judged(206, middle), put_outcome::done);
    EXPECT_EQ(judged(201, last), put_outcome::done);
    EXPECT_EQ(judged(200, middle), put_outcome::done);
    EXPECT_EQ(judged(200, last), put_outcome::done);
}

TEST(PutVerdict, AsksWhereASuccessDoesNotFit) {
    EXPECT_EQ(judged(201, middle), put_outcome::ask);
    EXPECT_EQ(judged(206, last), put_outcome::ask);
    EXPECT_EQ(judged(206, middle, {}, false), put_outcome::ask);
}

TEST(PutVerdict, Fault0APageInTikToksPlaceIsNoSuccess) {
    for (const int status : {200, 201, 206})
        for (const chunk piece : {middle, last})
            EXPECT_EQ(classify_put({status, {}, true, true}, piece, size), put_outcome::ask) << status;
    for (const char* page : {"<html>", " \r\n<!DOCTYPE html>", "<?xml version=\"1.0\"?>"})
        EXPECT_TRUE(is_markup(page)) << page;
    for (const char* other : {"", " ", "{}", "ok", "a < b"})
        EXPECT_FALSE(is_markup(other)) << other;
}

TEST(PutVerdict, M02SendsAgainAfterFaultsOfTheServer) {
    for (const int status : {500, 502, 503, 504, 429, 408})
        EXPECT_EQ(judged(status, middle), put_outcome::send_again);
    EXPECT_EQ(judged(503, middle, {}, false), put_outcome::send_again);
}

TEST(PutVerdict, M07StopsWhenTheAddressIsDead) {
    EXPECT_EQ(judged(403, middle), put_outcome::start_again);
    EXPECT_EQ(judged(404, middle), put_outcome::start_again);
    EXPECT_EQ(judged(400, middle), put_outcome::refused);
    EXPECT_EQ(judged(302, middle), put_outcome::refused);
}

TEST(PutVerdict, M03ReadsProgressAsCountOrAsLastIndex) {
    EXPECT_EQ(judged(416, middle, "bytes 0-99/300"), put_outcome::send_again);
    EXPECT_EQ(judged(416, middle, "bytes 0-100/300"), put_outcome::send_again);
    EXPECT_EQ(judged(416, middle, "bytes 0-199/300"), put_outcome::done);
    EXPECT_EQ(judged(416, middle, "bytes 0-200/300"), put_outcome::done);
    for (const char* unclear : {"", "bytes 0-150/300", "bytes 0-199/301", "bytes 0-999/300", "bytes */300",
                                "bytes 0-199/", "bytes 0--1/300", "items 0-199/300"})
        EXPECT_EQ(judged(416, middle, unclear), put_outcome::ask) << unclear;
    EXPECT_EQ(judged(416, {100, 100}, "bytes 0-100/300"), put_outcome::ask);
}

TEST(PutVerdict, M03ResumesExactlyWhereTikTokStopped) {
    EXPECT_EQ(resume_at(100, middle).what, put_outcome::send_again);
    EXPECT_EQ(resume_at(100, middle).offset, 0U);
    EXPECT_EQ(resume_at(150, middle).offset, 50U);
    EXPECT_EQ(resume_at(199, middle).what, put_outcome::send_again);
    EXPECT_EQ(resume_at(200, middle).what, put_outcome::done);
    EXPECT_EQ(resume_at(99, middle).what, put_outcome::refused);
    EXPECT_EQ(resume_at(201, middle).what, put_outcome::refused);
}

TEST(UploadTarget, TrustsHttpsOnPublicNamesAndTheHostsOfTheSettings) {
    const auto real =
        trust_upload_url("https://open-upload.tiktokapis.com/video/?upload_id=6&upload_token=Xz", {});
    ASSERT_TRUE(real);
    EXPECT_EQ(real->to.host, "open-upload.tiktokapis.com");
    EXPECT_EQ(real->to.port, 443);
    EXPECT_EQ(real->path_and_query, "/video/?upload_id=6&upload_token=Xz");
    const auto ours = trust_upload_url("https://upload.local.test:8443?t=1", {"*.local.test:8443"});
    ASSERT_TRUE(ours);
    EXPECT_EQ(ours->to.port, 8443);
    EXPECT_EQ(ours->path_and_query, "/?t=1");
}

TEST(UploadTarget, G03RefusesEveryOtherAddressWithoutRepeatingIt) {
    for (const char* bad :
         {"", "http://open-upload.tiktokapis.com/v", "https://127.0.0.1/v", "https://localhost/v",
          "https://[::1]/v", "https://user@open-upload.tiktokapis.com/v",
          "https://open-upload.tiktokapis.com:8443/v", "https://open-upload.tiktokapis.com/a b",
          "https://open-upload.tiktokapis.com/\r\nX: 1", "https://open-upload.tiktokapis.com/#x",
          "https:///v", "https://2130706433/v"}) {
        const auto refused = trust_upload_url(bad, {"*.local.test"});
        ASSERT_FALSE(refused) << bad;
        EXPECT_EQ(refused.error().code(), errc::tiktok_error);
        EXPECT_TRUE(!*bad || refused.error().message().find(bad) == std::string::npos);
    }
}

TEST(UploadTarget, WritesTheThreeHeadersOfTheManual) {
    const upload_target to{{"up.example.com", 443}, "/v?t=1"};
    EXPECT_EQ(write_put_head(to, {10'000'000, 20'000'122}, 20'000'123, "video/mp4"),
              "PUT /v?t=1 HTTP/1.1\r\nHost: up.example.com\r\nContent-Type: video/mp4\r\n"
              "Content-Length: 10000123\r\nContent-Range: bytes 10000000-20000122/20000123\r\n\r\n");
}

} // namespace
} // namespace gateway::tiktok
