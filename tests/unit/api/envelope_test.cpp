#include "api/envelope.hpp"

#include "base/clock.hpp"

#include <gtest/gtest.h>

namespace gateway::api {
namespace {

struct written {
    int status;
    std::string text;
};

written envelope(const outcome& what) {
    std::string text;
    const int status = write_envelope(text, what, "01JDREQUEST");
    return {status, text};
}

tiktok::document document_of(std::string_view bytes, std::string_view data) {
    tiktok::document out{.bytes = wiped_text(bytes)};
    out.data_at = out.bytes.find(data);
    out.data_size = data.size();
    return out;
}

constexpr std::string_view cursors[] = {"cursor"};
constexpr std::string_view post_ids[] = {"publicaly_available_post_id"};
constexpr std::string_view hidden[] = {"upload_url", "state"};

TEST(Envelope, SplicesTikToksDataAsItCame) {
    const answer answer = passed_through{
        .from = document_of(
            R"({"data": {"user":{"likes_count":9007199254740993, "x" : [1,2]}},"error":{"code":"ok"}})",
            R"({"user":{"likes_count":9007199254740993, "x" : [1,2]}})")};
    const auto out = envelope(answer);
    EXPECT_EQ(out.status, 200);
    EXPECT_EQ(
        out.text,
        R"({"data":{"user":{"likes_count":9007199254740993, "x" : [1,2]}},"error":null,"successful":true})");
}

TEST(Envelope, MakesStringsOfCursorsAndPostIdsAndDropsWhatMustNotLeave) {
    const std::string data =
        R"({"cursor":1643332803000,"publicaly_available_post_id":[7602997517160123666],"state":"x",)"
        R"("upload_url":"https://up.example/?t=secret","status":"PUBLISH_COMPLETE"})";
    const answer answer = passed_through{.from = document_of(R"({"data":)" + data + "}", data),
                                         .as_strings = cursors,
                                         .as_string_lists = post_ids,
                                         .without = hidden,
                                         .extra = R"("state":"published")"};
    EXPECT_EQ(envelope(answer).text,
              R"({"data":{"cursor":"1643332803000","publicaly_available_post_id":["7602997517160123666"],)"
              R"("status":"PUBLISH_COMPLETE","state":"published"},"error":null,"successful":true})");
}

TEST(Envelope, AddsMembersToAnEmptyOrAbsentData) {
    const answer absent = passed_through{.extra = R"("state":"processing")"};
    EXPECT_EQ(envelope(absent).text, R"({"data":{"state":"processing"},"error":null,"successful":true})");
    const answer empty =
        passed_through{.from = document_of(R"({"data":{ }})", "{ }"), .extra = R"("state":"processing")"};
    EXPECT_EQ(envelope(empty).text, R"({"data":{ "state":"processing"},"error":null,"successful":true})");
}

TEST(Envelope, TellsABatchThatFailedInPart) {
    const answer answer =
        object{.json = R"({"results":[]})", .partial_failure = "1 of 2 files were not uploaded."};
    const auto out = envelope(answer);
    EXPECT_EQ(out.status, 200);
    EXPECT_EQ(
        out.text,
        R"({"data":{"results":[]},"error":"1 of 2 files were not uploaded.","successful":false,)"
        R"("problem":{"code":"partial_failure","status":200,"retryable":false,"request_id":"01JDREQUEST"}})");
}

TEST(Envelope, G03CarriesNoCredentialWhateverTikTokSends) {
    for (const std::string data :
         {R"({"upload_url":"https://x","a":1})", R"({"b":{"access_token":"t"},"a":1})",
          R"({"refresh\u005ftoken":"t","a":1})"}) {
        const answer answer = passed_through{.from = document_of(R"({"data":)" + data + "}", data)};
        const auto out = envelope(answer);
        EXPECT_EQ(out.text.find("https://x"), std::string::npos) << out.text;
        EXPECT_EQ(out.text.find("\"t\""), std::string::npos) << out.text;
        EXPECT_NE(out.text.find(R"("a":1)"), std::string::npos) << out.text;
    }
}

TEST(Envelope, TellsAProgramWhatToDoAboutAFailure) {
    std::vector<field_fault> faults{{"photo_images[3]", "must be an https URL"}};
    const auto why = failure{errc::rate_limited, "Say \"when\"."}
                         .retry_after(milliseconds{12'000})
                         .scope(limit_scope::tiktok_user)
                         .tiktok({429, "rate_limit_exceeded", "slow\ndown", "2022LOG"})
                         .fields(std::move(faults));
    const auto out = envelope(why);
    EXPECT_EQ(out.status, 429);
    EXPECT_EQ(
        out.text,
        R"({"data":{},"successful":false,"error":"Say \"when\".","problem":{"code":"rate_limited","status":429,)"
        R"("retryable":true,"retry_after_ms":12000,"limit_scope":"tiktok_user","request_id":"01JDREQUEST",)"
        R"("tiktok":{"status":429,"code":"rate_limit_exceeded","message":"slow\ndown","log_id":"2022LOG"},)"
        R"("fields":[{"field":"photo_images[3]","reason":"must be an https URL"}]}})");
}

TEST(Envelope, AWriteThatMayHaveHappenedIsNeverCalledRetryable) {
    const auto why = failure{errc::tiktok_unreachable, "gone"}.may_have_reached_tiktok();
    EXPECT_NE(envelope(why).text.find(R"("retryable":false)"), std::string::npos);
    EXPECT_NE(envelope(failure{errc::tiktok_unreachable, "gone"}).text.find(R"("retryable":true)"),
              std::string::npos);
}

TEST(Envelope, AReplayIsTheFirstAnswerByteForByte) {
    const outcome first = failure{errc::outcome_unknown, "TikTok may have posted."};
    const auto told = envelope(first);
    const auto again = envelope(replay{told.status, told.text});
    EXPECT_EQ(again.status, told.status);
    EXPECT_EQ(again.text, told.text);
}

} // namespace
} // namespace gateway::api
