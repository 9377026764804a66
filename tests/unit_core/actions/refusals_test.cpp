// Bad inputs as tables of named rows: action, what came, and every fault that must come back.
#include "actions/validate.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <ostream>

namespace gateway::actions {
namespace {

const std::vector<std::string> no_prefixes;

const row& row_of(std::string_view slug) {
    const auto rows = table();
    const auto found =
        std::find_if(rows.begin(), rows.end(), [slug](const row& each) { return each.slug == slug; });
    EXPECT_NE(found, rows.end()) << slug;
    return *found;
}

result<checked_input> check(std::string_view slug, std::string_view given,
                            const std::vector<std::string>& prefixes = no_prefixes, bool bytes = false) {
    const validation by{.what = row_of(slug), .verified_url_prefixes = prefixes, .came_with_bytes = bytes};
    const bool body =
        by.what.takes == body::json || (by.what.takes == body::upload && given.starts_with('{'));
    return body ? check_body(by, given) : check_query(by, given);
}

std::string faults_of(const result<checked_input>& checked) {
    if (checked) return "accepted";
    std::string out(facts(checked.error().code()).name);
    if (!checked.error().details()) return out;
    for (const auto& fault : checked.error().details()->fields)
        out += '\n' + fault.field + " " + fault.reason;
    return out;
}

struct refusal {
    const char* name;
    const char* slug;
    const char* given;
    const char* faults; // each line: field, reason; a reason may be cut short
};
void PrintTo(const refusal& each, std::ostream* out) {
    *out << each.name;
}

std::string name_of_refusal(const testing::TestParamInfo<refusal>& each) {
    return each.param.name;
}

class Refuses : public testing::TestWithParam<refusal> {};

TEST_P(Refuses, NamesTheFieldAndTheReason) {
    const auto& expected = GetParam();
    EXPECT_EQ(faults_of(check(expected.slug, expected.given)),
              std::string("invalid_input\n") + expected.faults);
}

const refusal user_info[] = {
    {"UnknownInput", "TIKTOK_GET_USER_BASIC_INFO", "feilds=open_id",
     "feilds is not an input of this action; it takes fields"},
    {"UnknownField", "TIKTOK_GET_USER_PROFILE", "fields=open_id,profile_web_link",
     "fields \"profile_web_link\" is no field of TikTok's"},
    {"EmptyField", "TIKTOK_GET_USER_STATS", "fields=open_id,,union_id",
     "fields \"\" is no field of TikTok's"},
    {"EmptyFields", "TIKTOK_GET_USER_STATS", "fields=", "fields \"\" is no field of TikTok's"},
    {"KeyInTheQuery", "TIKTOK_GET_USER_STATS", "api_key=abc",
     "api_key is not an input of this action; it takes fields"},
};
INSTANTIATE_TEST_SUITE_P(UserInfo, Refuses, testing::ValuesIn(user_info), name_of_refusal);

const refusal videos[] = {
    {"MaxCountZero", "TIKTOK_LIST_VIDEOS", "max_count=0", "max_count must be from 1 to 20"},
    {"MaxCount21", "TIKTOK_LIST_VIDEOS", "max_count=21", "max_count must be from 1 to 20"},
    {"MaxCountFloat", "TIKTOK_LIST_VIDEOS", "max_count=5.0", "max_count must be a whole number"},
    {"MaxCountTwice", "TIKTOK_LIST_VIDEOS", "max_count=5&max_count=6", "max_count must be given once"},
    {"CursorWord", "TIKTOK_LIST_VIDEOS", "cursor=next",
     "cursor must be the cursor of an earlier page: a time in milliseconds, digits only"},
    {"CursorNegative", "TIKTOK_LIST_VIDEOS", "cursor=-1",
     "cursor must be the cursor of an earlier page: a time in milliseconds, digits only"},
    {"AllAtOnce", "TIKTOK_LIST_VIDEOS", "max_count=99&cursor=x&what=1&fields=nope",
     "what is not an input of this action; it takes cursor, max_count, creator_id, fields\n"
     "max_count must be from 1 to 20\n"
     "fields \"nope\" is no field of TikTok's\n"
     "cursor must be the cursor of an earlier page: a time in milliseconds, digits only"},
    {"NoIds", "TIKTOK_QUERY_VIDEOS", "{}", "video_ids is required"},
    {"EmptyIds", "TIKTOK_QUERY_VIDEOS", R"({"video_ids":[]})",
     "video_ids must hold from 1 to 20 items, not 0"},
    {"NumberAsId", "TIKTOK_QUERY_VIDEOS", R"({"video_ids":["1",2]})", "video_ids[1] must be a string"},
    {"EmptyId", "TIKTOK_QUERY_VIDEOS", R"({"video_ids":[""]})",
     "video_ids[0] must be from 1 to 512 UTF-16 units long, not 0"},
};
INSTANTIATE_TEST_SUITE_P(Videos, Refuses, testing::ValuesIn(videos), name_of_refusal);

const refusal uploads[] = {
    {"NothingToUpload", "TIKTOK_UPLOAD_VIDEO", "{}",
     "file_to_upload is required, unless video_url is given or the body is the video"},
    {"FileAndUrl", "TIKTOK_UPLOAD_VIDEO",
     R"({"file_to_upload":{"file_id":"file_01JD0000000000000000000000"},"video_url":"https://a.example/v.mp4"})",
     "video_url cannot be given together with file_to_upload"},
    {"FileIsText", "TIKTOK_UPLOAD_VIDEO", R"({"file_to_upload":"file_1"})",
     "file_to_upload must be an object {name, mimetype, file_id}"},
    {"FileWithoutId", "TIKTOK_UPLOAD_VIDEO", R"({"file_to_upload":{"name":"a.mp4"}})",
     "file_to_upload needs file_id (or s3key), once"},
    {"FileWithBothIds", "TIKTOK_UPLOAD_VIDEO",
     R"({"file_to_upload":{"file_id":"file_01JD0000000000000000000000","s3key":"file_01JD0000000000000000000000"}})",
     "file_to_upload needs file_id (or s3key), once"},
    {"ForeignKey", "TIKTOK_UPLOAD_VIDEO", R"({"file_to_upload":{"s3key":"bucket/video.mp4"}})",
     "file_to_upload.s3key is not a file_id; stage the bytes with POST /v1/files first"},
    {"UnknownMember", "TIKTOK_UPLOAD_VIDEO",
     R"({"file_to_upload":{"file_id":"file_01JD0000000000000000000000","path":"/etc/passwd"}})",
     "file_to_upload \"path\" is not name, mimetype or file_id"},
    {"CaptionWithCarriageReturn", "TIKTOK_UPLOAD_VIDEO",
     R"({"video_url":"https://a.example/v.mp4","caption":"a\r\nb"})",
     "caption must not hold control characters other than \\n"},
    {"CaptionWithTab", "TIKTOK_UPLOAD_VIDEO", R"({"video_url":"https://a.example/v.mp4","caption":"a\tb"})",
     "caption must not hold control characters other than \\n"},
    {"CaptionWithC1Control", "TIKTOK_UPLOAD_VIDEO",
     R"({"video_url":"https://a.example/v.mp4","caption":"a\u0085b"})",
     "caption must not hold control characters other than \\n"},
    {"CaptionIsNumber", "TIKTOK_UPLOAD_VIDEO", R"({"video_url":"https://a.example/v.mp4","caption":5})",
     "caption must be a string"},
    {"CaptionIsNull", "TIKTOK_UPLOAD_VIDEO", R"({"video_url":"https://a.example/v.mp4","caption":null})",
     "caption must be a string"},
    {"PublishAsText", "TIKTOK_UPLOAD_VIDEO", R"({"video_url":"https://a.example/v.mp4","publish":"true"})",
     "publish must be true or false"},
    {"ChunkSizeFloat", "TIKTOK_UPLOAD_VIDEO",
     R"({"video_url":"https://a.example/v.mp4","chunk_size_bytes":5242880.0})",
     "chunk_size_bytes must be a whole number"},
    {"ChunkSizeZero", "TIKTOK_UPLOAD_VIDEO",
     R"({"video_url":"https://a.example/v.mp4","chunk_size_bytes":0})",
     "chunk_size_bytes must be from 1 to 4294967296"},
    {"PrivacyUnknown", "TIKTOK_UPLOAD_VIDEO",
     R"({"video_url":"https://a.example/v.mp4","privacy_level":"PUBLIC"})",
     "privacy_level must be one of PUBLIC_TO_EVERYONE, MUTUAL_FOLLOW_FRIENDS, FOLLOWER_OF_CREATOR, "
     "SELF_ONLY"},
    {"PrivateBrandedContent", "TIKTOK_UPLOAD_VIDEO",
     R"({"video_url":"https://a.example/v.mp4","publish":true,"privacy_level":"SELF_ONLY","brand_content_toggle":true})",
     "brand_content_toggle cannot go with privacy_level SELF_ONLY: TikTok wants branded content to be "
     "visible"},
    {"CoverTimeNegative", "TIKTOK_UPLOAD_VIDEO",
     R"({"video_url":"https://a.example/v.mp4","video_cover_timestamp_ms":-1})",
     "video_cover_timestamp_ms must be from 0 to 2147483647"},
    {"NotYetDryRun", "TIKTOK_UPLOAD_VIDEO", "dry_run=true&video_url=https://a.example/v.mp4",
     "dry_run is not an input of this action; it takes file_to_upload, video_url, caption, publish, "
     "chunk_size_bytes, "
     "keep, privacy_level, disable_comment, disable_duet, disable_stitch, video_cover_timestamp_ms, "
     "brand_content_toggle, brand_organic_toggle, is_aigc"},
    {"BatchWithoutFiles", "TIKTOK_UPLOAD_VIDEOS", "{}", "files_to_upload is required"},
    {"BatchWithNoFile", "TIKTOK_UPLOAD_VIDEOS", R"({"files_to_upload":[]})",
     "files_to_upload must hold from 1 to 100 items, not 0"},
    {"BatchNamesTheBadFile", "TIKTOK_UPLOAD_VIDEOS",
     R"({"files_to_upload":[{"file_id":"file_01JD0000000000000000000000"},{"file_id":"x"},7],"max_workers":17})",
     "files_to_upload[1].file_id is not a file_id; stage the bytes with POST /v1/files first\n"
     "files_to_upload[2] must be an object {name, mimetype, file_id}\n"
     "max_workers must be from 1 to 16"},
};
INSTANTIATE_TEST_SUITE_P(Uploads, Refuses, testing::ValuesIn(uploads), name_of_refusal);

const refusal photos[] = {
    {"Nothing", "TIKTOK_POST_PHOTO", "{}", "photo_images is required\nphoto_cover_index is required"},
    {"CoverOutside", "TIKTOK_POST_PHOTO",
     R"({"photo_images":["https://a.example/1.jpg"],"photo_cover_index":1})",
     "photo_cover_index must point into photo_images, which holds 1; the first has index 0"},
    {"CoverFloat", "TIKTOK_POST_PHOTO",
     R"({"photo_images":["https://a.example/1.jpg"],"photo_cover_index":0.0})",
     "photo_cover_index must be a whole number"},
    {"PlainHttp", "TIKTOK_POST_PHOTO",
     R"({"photo_images":["https://a.example/1.jpg","http://a.example/2.jpg"],"photo_cover_index":0})",
     "photo_images[1] must be an https URL"},
    {"NotAList", "TIKTOK_POST_PHOTO", R"({"photo_images":"https://a.example/1.jpg","photo_cover_index":0})",
     "photo_images must be a list"},
    {"ModeWithBlank", "TIKTOK_POST_PHOTO",
     R"({"photo_images":["https://a.example/1.jpg"],"photo_cover_index":0,"post_mode":"DIRECT POST"})",
     "post_mode must be one of DIRECT_POST, MEDIA_UPLOAD"},
};
INSTANTIATE_TEST_SUITE_P(Photos, Refuses, testing::ValuesIn(photos), name_of_refusal);

const refusal publishing[] = {
    {"UnknownInput", "TIKTOK_PUBLISH_VIDEO", R"({"publish_id":"v_1"})",
     "publish_id is not an input of this action; it takes caption, privacy_level, disable_comment, "
     "disable_duet, "
     "disable_stitch, video_cover_timestamp_ms, brand_content_toggle, brand_organic_toggle, is_aigc, "
     "direct_post"},
    {"WaitIsNotThereYet", "TIKTOK_FETCH_PUBLISH_STATUS", "wait=30",
     "wait is not an input; this action takes none"},
    {"ConnectScopesNotAList", "GATEWAY_CONNECT", R"({"scopes":"video.list"})", "scopes must be a list"},
    {"LimitTooLarge", "GATEWAY_LIST_POSTS", "limit=101", "limit must be from 1 to 100"},
};
INSTANTIATE_TEST_SUITE_P(Publishing, Refuses, testing::ValuesIn(publishing), name_of_refusal);

// S01, S03: what the rules of URLs are is tested beside them; here, that every URL input goes through them.
TEST(UrlInputs, S01RefusesWhatIsNoPlainHttpsName) {
    for (const char* url :
         {"http://a.example/v", "ftp://a.example/v", "https://user@a.example/v", "https://a.example:8443/v",
          "https://a.example/v#x", "https://a.example/a b", "//a.example/v", "https://a.example\\v",
          "https://127.0.0.1/v", "https://2130706433/v", "https://0x7f000001/v", "https://[::1]/v"}) {
        const auto body =
            std::string(R"({"video_url":")")
            + (std::string(url).find('\\') != std::string::npos ? "https://a.example\\\\v" : url) + "\"}";
        EXPECT_TRUE(faults_of(check("TIKTOK_UPLOAD_VIDEO", body)).starts_with("invalid_input\nvideo_url "))
            << url;
    }
}

TEST(UrlInputs, S02ComparesVerifiedPrefixesLabelByLabel) {
    const std::vector<std::string> prefixes{"https://media.example.com/videos/", "example.org"};
    const auto verdict = [&](const std::string& url) {
        return check("TIKTOK_UPLOAD_VIDEO", R"({"video_url":")" + url + "\"}", prefixes).has_value();
    };
    EXPECT_TRUE(verdict("https://media.example.com/videos/a.mp4"));
    EXPECT_TRUE(verdict("https://cdn.example.org/a.mp4"));
    EXPECT_FALSE(verdict("https://media.example.com/other/a.mp4"));
    EXPECT_FALSE(verdict("https://media.example.com.evil.example/videos/a.mp4"));
    EXPECT_FALSE(verdict("https://notexample.org/a.mp4"));
}

TEST(UploadInputs, ABodyThatIsTheVideoNamesNoOther) {
    EXPECT_EQ(faults_of(check("TIKTOK_UPLOAD_VIDEO", "video_url=https://a.example/v.mp4", no_prefixes, true)),
              "invalid_input\nvideo_url cannot be given: the body already is the video");
    EXPECT_TRUE(check("TIKTOK_UPLOAD_VIDEO", "caption=hello&publish=true&privacy_level=SELF_ONLY",
                      no_prefixes, true));
}

TEST(Inputs, WhatIsNotAJsonObjectIsMalformed) {
    for (const char* body : {"[]", "5", "{", R"({"a":1,"a":2})", "{\"caption\":\"\xff\"}"})
        EXPECT_EQ(faults_of(check_body({row_of("TIKTOK_QUERY_VIDEOS"), no_prefixes}, body)), "malformed_json")
            << body;
}

TEST(Inputs, ParametersOfTheQueryAreRefusedWhereTheBodyHoldsTheInputs) {
    const auto refused = refuse_query("caption=x&publish=true");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), errc::invalid_input);
    EXPECT_EQ(refused.error().details()->fields.size(), 2U);
    EXPECT_TRUE(refuse_query(""));
}

TEST(Inputs, C26NoInputOfAnyActionTakesACarriageReturn) {
    for (const auto& each : table()) {
        for (const auto& rule : each.inputs) {
            const validation by{.what = each, .verified_url_prefixes = no_prefixes};
            const bool list = rule.type == kind::text_list || rule.type == kind::url_list;
            const std::string name(rule.name);
            const std::string text = rule.type == kind::url || rule.type == kind::url_list
                                         ? "https://a.example/x\\r\\nHost: b"
                                         : "a\\r\\nX-Evil: 1";
            const std::string value = list ? "[\"" + text + "\"]" : '"' + text + '"';
            const auto checked = check_body(by, "{\"" + name + "\":" + value + "}");
            ASSERT_FALSE(checked) << each.slug << ' ' << name;
            const auto& faults = checked.error().details()->fields;
            EXPECT_TRUE(std::any_of(faults.begin(), faults.end(),
                                    [&](const auto& fault) { return fault.field.starts_with(name); }))
                << each.slug << ' ' << name;
        }
    }
}

TEST(Inputs, ThousandsOfUnknownNamesAreAnsweredShortly) {
    std::string body = "{";
    for (int i = 0; i < 9000; ++i)
        body += (i ? ",\"n" : "\"n") + std::to_string(i) + "\":1";
    const auto refused = check("TIKTOK_POST_PHOTO", body + "}");
    ASSERT_FALSE(refused);
    EXPECT_LE(refused.error().details()->fields.size(), 110U);
}

TEST(Inputs, AnEndlessNameDoesNotComeBack) {
    const auto refused = check("TIKTOK_LIST_VIDEOS", std::string(5000, 'a') + "=1");
    ASSERT_FALSE(refused);
    EXPECT_LT(refused.error().details()->fields.front().field.size(), 65U);
}

} // namespace
} // namespace gateway::actions
