// Each refusal before an action runs says what to do about it.
#include "actions/table.hpp"
#include "files/staged_file_store.hpp"
#include "http/strict_gate.hpp"
#include "pipeline/admission.hpp"
#include "pipeline/whole_body.hpp"
#include "settings/settings.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace gateway::pipeline {
namespace {

const api::row& row_of(std::string_view slug) {
    const auto rows = actions::table();
    return *std::find_if(rows.begin(), rows.end(), [slug](const auto& each) { return each.slug == slug; });
}

failure body_refusal(std::string_view slug, std::string_view type, std::optional<std::uint64_t> length) {
    request call;
    call.what = &row_of(slug);
    call.content_type = type;
    call.content_length = length;
    call.has_body = length.value_or(1) > 0;
    const auto plan = plan_body(call);
    EXPECT_FALSE(plan) << slug << ' ' << type;
    return plan ? failure{} : plan.error();
}

failure action_refusal() {
    settings::caller nobody;
    nobody.actions = {};
    return may_do(nobody, row_of("TIKTOK_POST_PHOTO")).error();
}

failure head_refusal(std::string_view fields) {
    const auto judged = http::validate_head("POST / HTTP/1.1\r\nHost: a\r\n" + std::string(fields) + "\r\n");
    EXPECT_FALSE(judged) << fields;
    return judged ? failure{} : judged.error();
}

struct cure {
    failure of;
    errc code;
    std::string_view says;
};

TEST(Refusals, HourJEachSaysTheCure) {
    const cure table[] = {
        {not_found(errc::user_not_connected), errc::user_not_connected, "POST /v1/users/{user_id}/connect"},
        {not_found(errc::no_such_post), errc::no_such_post, "GET /v1/users/{user_id}/posts"},
        {not_found(errc::no_such_file), errc::no_such_file, "POST /v1/files"},
        {action_refusal(), errc::forbidden, "operator can add it to the `actions`"},
        {body_refusal("TIKTOK_UPLOAD_VIDEO", "video/mp4", std::nullopt), errc::length_required,
         "the size of its body"},
        {body_refusal("GATEWAY_FILES", "", std::nullopt), errc::length_required, "the size of its body"},
        {body_refusal("TIKTOK_UPLOAD_VIDEO", "text/plain", 9), errc::unsupported_media_type,
         "Content-Type video/*, multipart/form-data with a boundary, or application/json"},
        {body_refusal("TIKTOK_POST_PHOTO", "text/plain", 9), errc::unsupported_media_type,
         "Content-Type application/json"},
        {body_refusal("TIKTOK_POST_PHOTO", "application/json", 262'145), errc::too_large, "262144 bytes"},
        {body_too_large(7), errc::too_large, "larger than the 7 bytes"},
        {parse_timeout_header("soon").error(), errc::invalid_input,
         "X-Request-Timeout is refused: it must be a number of seconds"},
        {head_refusal("Content-Encoding: gzip\r\n"), errc::unsupported_media_type,
         "send the bytes as they are"},
        {head_refusal("Expect: 200-ok\r\n"), errc::expectation_failed, "leave Expect out"},
        {head_refusal("Host: b\r\n"), errc::malformed_request, "field Host stands twice; send it once"},
        {head_refusal("Idempotency-Key: a\r\nIdempotency-Key: b\r\n"), errc::malformed_request,
         "field Idempotency-Key stands twice"},
        {head_refusal("TikTok-Signature: a\r\nTikTok-Signature: b\r\n"), errc::malformed_request,
         "field TikTok-Signature stands twice"},
    };
    for (const auto& each : table) {
        EXPECT_EQ(each.of.code(), each.code) << each.says;
        EXPECT_NE(each.of.message().find(each.says), std::string::npos) << each.of.message();
    }
}

TEST(Refusals, HourJAFileIsMissingInTheSameWordsEverywhere) {
    EXPECT_EQ(not_found(errc::no_such_file).message(), files::no_such_file().message());
}

} // namespace
} // namespace gateway::pipeline
