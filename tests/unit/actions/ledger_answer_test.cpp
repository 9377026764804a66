// The answers that are made from the ledger, for calls of crashed processes and for answers in doubt.
#include "actions/ledger_answer.hpp"

#include "posts/post_settings.hpp"
#include "posts/publisher.hpp"
#include "store/post_record.hpp"

#include <gtest/gtest.h>

namespace gateway::actions {
namespace {

using api::asked_of_ledger;
using enum asked_of_ledger;
using enum store::post_state;

store::post_record post_of(const char* kind, const char* id, store::post_state state, const char* status,
                           const char* sha256 = "") {
    store::post_record out;
    out.user = user_id::trusted("ann|1@shop");
    out.kind = kind;
    out.id = publish_id::trusted(id);
    out.state = state;
    out.status = status;
    out.sha256 = sha256;
    out.fail_reason = out.status == "FAILED" ? "duration_check_failed" : "";
    return out;
}

/// The envelope; empty if the call had no effect.
std::string told(std::optional<outcome> (*make)(const store::post_record&, asked_of_ledger),
                 const store::post_record& post, asked_of_ledger when) {
    const auto made = make(post, when);
    std::string out;
    if (made) api::write_envelope(out, *made, "r");
    return out;
}

bool holds(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

TEST(LedgerAnswer, DeathHIsThePostsEndOnceThatIsKnown) {
    const auto published = post_of("direct_url", "p1", settled, "PUBLISH_COMPLETE");
    for (const auto when : {after_crash, in_doubt}) {
        const auto good = told(outcome_of_post, published, when);
        EXPECT_TRUE(holds(
            good, R"("publish_id":"p1","status":"PUBLISH_COMPLETE","privacy_level":null,"warnings":[")"))
            << good;
        const auto failed = told(outcome_of_post, post_of("direct_url", "p1", settled, "FAILED"), when);
        EXPECT_TRUE(holds(failed, R"("code":"post_failed")")) << failed;
        EXPECT_TRUE(holds(failed, "duration_check_failed")) << failed;
    }
    EXPECT_NE(told(outcome_of_post, published, after_crash), told(outcome_of_post, published, in_doubt));
}

TEST(LedgerAnswer, DeathHOfAnUploadWhoseSizeIsNotKnownNamesNone) {
    auto post = post_of("inbox_file", "p1", settled, "SEND_TO_USER_INBOX");
    EXPECT_TRUE(holds(told(outcome_of_upload, post, in_doubt), R"("size":null,"sha256":null)"));
    post.size_bytes = 7;
    EXPECT_TRUE(holds(told(outcome_of_upload, post, in_doubt), R"("size":7,"sha256":null)"));
}

TEST(LedgerAnswer, DeathHATikToksFailureFreesNoKeyThatHasToldADoubt) {
    const auto broken = post_of("direct_file", "p1", settled, "FAILED");
    EXPECT_EQ(told(outcome_of_upload, broken, after_crash), "") << "it had no effect";
    EXPECT_TRUE(holds(told(outcome_of_upload, broken, in_doubt), R"("code":"post_failed")"));
    EXPECT_TRUE(
        holds(told(outcome_of_upload, post_of("direct_file", "p1", settled, "FAILED", "ab"), after_crash),
              R"("code":"post_failed")"));
}

TEST(LedgerAnswer, DeathHADoubtNamesItsPostAndWhereItsStatusIsTold) {
    const auto named = post_of("direct_file", "p1", outcome_unknown, "PROCESSING_UPLOAD");
    constexpr std::string_view data =
        R"({"data":{"publish_id":"p1","status_path":"/v1/users/ann%7C1%40shop/posts/p1"})";
    for (const auto when : {after_crash, in_doubt})
        for (const auto make : {outcome_of_upload, outcome_of_post, outcome_of_file}) {
            const auto doubt = told(make, named, when);
            EXPECT_TRUE(doubt.starts_with(data)) << doubt;
            EXPECT_TRUE(holds(doubt, R"("code":"outcome_unknown")")) << doubt;
        }
    const auto unnamed = told(outcome_of_post, post_of("direct_url", "", outcome_unknown, ""), in_doubt);
    EXPECT_TRUE(unnamed.starts_with(R"({"data":{},)")) << unnamed;
}

TEST(LedgerAnswer, DeathHAFileOfABatchNamesItsPostInItsPlace) {
    const auto of = [](const outcome& what) {
        std::string out;
        write_file_outcome(out, what, "r");
        return out;
    };
    const auto doubt = outcome_of_file(post_of("inbox_file", "p1", outcome_unknown, ""), in_doubt);
    EXPECT_TRUE(of(*doubt).starts_with(
        R"("successful":false,"publish_id":"p1","status_path":"/v1/users/ann%7C1%40shop/posts/p1","error":")"))
        << of(*doubt);
    EXPECT_TRUE(of(failure{errc::no_such_file, "gone"})
                    .starts_with(R"("successful":false,"publish_id":null,"error":)"));
    posts::upload_answer done;
    done.id = publish_id::trusted("p1");
    EXPECT_EQ(of(answer{file_answer(done)}),
              R"("successful":true,"publish_id":"p1","privacy_level":null,"error":null,"problem":null)");
    done.privacy_level = "SELF_ONLY";
    done.warnings = {"not kept"};
    EXPECT_EQ(of(answer{file_answer(done)}),
              R"("successful":true,"publish_id":"p1","privacy_level":"SELF_ONLY","warnings":["not kept"],)"
              R"("error":null,"problem":null)");
}

TEST(LedgerAnswer, HourFAnAnswerMadeAfterACrashTellsThePrivacyLevelAsTheFirstWouldHave) {
    constexpr std::string_view level = R"("privacy_level":"SELF_ONLY")", none = R"("privacy_level":null)";
    constexpr std::string_view warning = "the gateway's default, SELF_ONLY: only the creator sees it.";
    for (const auto make : {outcome_of_upload, outcome_of_post, outcome_of_file}) {
        auto post = post_of("direct_file", "p1", settled, "PROCESSING_UPLOAD", "ab");
        post.settings = posts::write_settings(*posts::complete_direct({}, "SELF_ONLY"));
        const auto by_default = told(make, post, after_crash);
        EXPECT_TRUE(holds(by_default, level) && holds(by_default, warning)) << by_default;
        tiktok::post_info given;
        given.privacy_level = "SELF_ONLY";
        post.settings = posts::write_settings(*posts::complete_direct(given, "SELF_ONLY"));
        const auto asked = told(make, post, after_crash);
        EXPECT_TRUE(holds(asked, level) && !holds(asked, warning)) << asked;
        post.settings = "{}"; // written by an earlier version
        const auto old = told(make, post, after_crash);
        EXPECT_TRUE(holds(old, none) && !holds(old, warning)) << old;
        post.kind = "inbox_file";
        post.settings = posts::write_settings(given);
        const auto inbox = told(make, post, after_crash);
        EXPECT_TRUE(holds(inbox, none) && !holds(inbox, warning)) << inbox;
    }
}

TEST(LedgerAnswer, DeathIAWarningJoinsThoseOfTheAnswer) {
    const auto with = [](std::string json) {
        answer out{object{.json = std::move(json)}};
        api::add_warning(out, "late");
        return std::get<object>(out).json;
    };
    EXPECT_EQ(with(R"({"publish_id":"p","warnings":[]})"), R"({"publish_id":"p","warnings":["late"]})");
    EXPECT_EQ(with(R"({"warnings":["a"],"status":"S"})"), R"({"warnings":["a","late"],"status":"S"})");
    EXPECT_EQ(with(R"({"publish_id":"p"})"), R"({"publish_id":"p","warnings":["late"]})");
    answer page{api::page{}};
    api::add_warning(page, "late");
    EXPECT_TRUE(std::holds_alternative<api::page>(page));
}

} // namespace
} // namespace gateway::actions
