// What a refusal says: the header that a 401 must have, what was wrong and where, and the way out
// (docs/contract.md §4, §5).
#include "flow/action_test.hpp"

#include <boost/json/array.hpp>
#include <gmock/gmock.h>

#include <string>

namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

class Replies : public action_test {
protected:
    static constexpr const char* challenge = R"(Bearer realm="tiktok-gateway")";

    static std::string form_of(const std::string& input, const std::string& file) {
        std::string out;
        if (!input.empty())
            out += "--b0\r\nContent-Disposition: form-data; name=\"input\"\r\n\r\n" + input + "\r\n";
        out +=
            "--b0\r\nContent-Disposition: form-data; name=\"file_to_upload\"; filename=\"a.mp4\"\r\n"
            "Content-Type: video/mp4\r\n\r\n"
            + file + "\r\n--b0--\r\n";
        return out;
    }
    harness::answer send_form(const std::string& user, const std::string& form) {
        return upload(user, form, {}, {{"Content-Type", "multipart/form-data; boundary=b0"}});
    }
    static std::string first_fault(const harness::answer& of) {
        return of.text_at("problem.fields.0.field") + ' ' + of.text_at("problem.fields.0.reason");
    }
};

TEST_F(Replies, HourJEvery401NamesItsSchemeInTheSameBytes) {
    const auto user = another_user();
    const auto path = path_of(user, "/info");
    const harness::fields unknown{{"Authorization", "Bearer " + std::string(47, 'k')}};
    const harness::fields unsigned_event{{"Content-Type", "application/json"},
                                         {"TikTok-Signature", "t=1,s=00"}};
    const harness::answer all[] = {w.stranger().call("GET", path), w.stranger().call("GET", path, unknown),
                                   w.stranger().call("HEAD", path),
                                   w.stranger().call("POST", path_of(user, "/videos")),
                                   w.stranger().call("POST", "/webhooks/tiktok", unsigned_event, "{}")};
    for (const auto& each : all) {
        EXPECT_EQ(each.status, 401) << each.raw;
        EXPECT_EQ(each.header("www-authenticate"), challenge) << each.raw;
    }
    EXPECT_EQ(w.api().get(path).header("www-authenticate"), "");
    EXPECT_EQ(w.api().get("/v1/nothing").header("www-authenticate"), "");
}

TEST_F(Replies, HourJATargetThatIsTooLongNamesTheOtherWays) {
    const auto user = another_user();
    const auto got = upload(user, mp4(5'000), "caption=" + std::string(8'200, 'a'));
    EXPECT_EQ(got.status, 414) << got.raw.substr(0, 300);
    EXPECT_EQ(got.code(), "uri_too_long");
    EXPECT_THAT(got.text_at("error"), AllOf(HasSubstr("multipart/form-data, part input"),
                                            HasSubstr("JSON with the file_id of POST /v1/files")));
}

TEST_F(Replies, HourJMalformedJsonTellsOneCauseAndItsPlace) {
    const auto user = another_user();
    const harness::fields json{{"Content-Type", "application/json"}};
    const auto body =
        w.api().call("POST", path_of(user, "/photos"), json, "{\n \"title\": \"a\"\n \"x\": 1}");
    EXPECT_EQ(body.code(), "malformed_json") << body.raw;
    EXPECT_EQ(body.text_at("error"),
              "The body cannot be read as JSON: a comma or } is missing before this (line 3, byte 2).");
    const auto part = send_form(user, form_of(R"({"publish":true,"publish":true})", mp4(5'000)));
    EXPECT_EQ(part.code(), "malformed_json") << part.raw;
    EXPECT_EQ(part.text_at("error"),
              "The part input cannot be read as JSON: the same key stands twice in one "
              "object (line 1, byte 17).");
    const auto list = w.api().call("POST", path_of(user, "/photos"), json, "[]");
    EXPECT_THAT(list.text_at("error"), StartsWith("The body must be a JSON object of inputs")) << list.raw;
    const auto tokens = w.api().call("PUT", path_of(user, "/tokens"), json, "{\"open_id\":");
    EXPECT_THAT(tokens.text_at("error"), EndsWith("(line 1, byte 12).")) << tokens.raw;
}

TEST_F(Replies, HourJSeveralFaultsAreAllNamedInTheSentence) {
    const auto user = another_user();
    const auto got =
        w.api().post(path_of(user, "/photos"),
                     {{"photo_images", {"http://a.example/1.jpg"}}, {"photo_cover_index", 0}, {"title", 7}});
    EXPECT_EQ(got.status, 422) << got.raw;
    EXPECT_THAT(got.text_at("error"),
                AllOf(StartsWith("2 inputs are faulty: "), HasSubstr("photo_images[0] ("),
                      HasSubstr("title (must be a string)")));
    EXPECT_EQ(got.at("problem.fields").as_array().size(), 2U);
}

TEST_F(Replies, HourJABooleanOfAQueryIsTrueOrFalseAlone) {
    const auto user = another_user();
    for (const char* odd : {"1", "0", "True", "TRUE", "yes", "on", ""}) {
        const auto got = upload(user, mp4(5'000), std::string("publish=") + odd);
        EXPECT_EQ(got.status, 422) << odd << got.raw;
        EXPECT_EQ(first_fault(got), "publish must be exactly true or false, without quotes") << odd;
        EXPECT_EQ(got.text_at("error"),
                  "The input publish is refused: it must be exactly true or false, without quotes.");
    }
    EXPECT_EQ(calls_of("/v2/post/publish/video/init/"), 0U);
    EXPECT_EQ(upload(user, mp4(5'000), "publish=false").status, 200);
}

TEST_F(Replies, HourJAnEmptyUploadNamesItsField) {
    const auto user = another_user();
    const harness::fields json{{"Content-Type", "application/json"}};
    const auto videos = path_of(user, "/videos");
    const harness::answer all[] = {upload(user, ""),
                                   send_form(user, ""),
                                   send_form(user, form_of({}, "")),
                                   send_form(user, form_of("{}", "")),
                                   w.api().call("POST", videos),
                                   w.api().call("POST", videos, json, ""),
                                   w.api().call("POST", videos, json, "{}")};
    for (const auto& each : all) {
        EXPECT_EQ(each.status, 422) << each.raw;
        EXPECT_EQ(each.code(), "invalid_input");
        EXPECT_EQ(each.text_at("problem.fields.0.field"), "file_to_upload") << each.raw;
    }
    const auto staged = w.api().call("POST", "/v1/files", {{"Content-Type", "video/mp4"}}, "");
    EXPECT_EQ(staged.status, 422) << staged.raw;
    EXPECT_EQ(first_fault(staged), "body must hold the bytes of the file, and is empty");
    EXPECT_EQ(calls_of("/v2/post/publish/inbox/video/init/"), 0U);
}

TEST_F(Replies, HourJAFormWithoutAFileNamesItsPart) {
    const auto user = another_user();
    const auto got =
        send_form(user, "--b0\r\nContent-Disposition: form-data; name=\"input\"\r\n\r\n{}\r\n--b0--\r\n");
    EXPECT_EQ(first_fault(got), "file_to_upload is required, and the form has no such part") << got.raw;
    EXPECT_EQ(got.text_at("error"),
              "The form is refused: its part file_to_upload is required, and the form has "
              "no such part.");
}

TEST_F(Replies, HourJBytesThatAreNoVideoAre422AndOnlyAHeaderIs415) {
    const auto user = another_user();
    const auto bytes = upload(user, std::string(5'000, 'x'));
    EXPECT_EQ(bytes.status, 422) << bytes.raw;
    EXPECT_EQ(bytes.text_at("problem.fields.0.field"), "file_to_upload");
    const auto header = upload(user, mp4(5'000), {}, {{"Content-Type", "image/png"}});
    EXPECT_EQ(header.status, 415) << header.raw;
    EXPECT_THAT(header.text_at("error"), HasSubstr("video/*"));
}

TEST_F(Replies, HourJAFormIsNotKeptAsTheFileThatItHolds) {
    const harness::fields form{{"Content-Type", "Multipart/Form-Data; boundary=b0"}};
    const auto got = w.api().call("POST", "/v1/files", form, form_of("", mp4(5'000)));
    EXPECT_EQ(got.code(), "unsupported_media_type") << got.raw;
    EXPECT_THAT(got.text_at("error"), HasSubstr("send the bytes of the file alone"));
}

TEST_F(Replies, HourJACursorThatNoPageGaveIsRefusedByEveryList) {
    const auto user = another_user();
    ASSERT_EQ(upload(user, mp4(5'000)).status, 200);
    const auto page = w.api().get(path_of(user, "/posts?limit=1"));
    ASSERT_EQ(page.status, 200) << page.raw;
    for (const std::string cursor :
         {"0", "abc", "ZZZZ", "%7E", "x'y", "01JDC4Q1V8K7Z2M9T5R3X6W0A", "01jdc4q1v8k7z2m9t5r3x6w0ab"}) {
        const auto got = w.api().get(path_of(user, "/posts?cursor=" + cursor));
        EXPECT_EQ(first_fault(got), "cursor must be the next_cursor of the page before") << cursor << got.raw;
    }
    EXPECT_EQ(w.api().get(path_of(user, "/posts?cursor=01JDC4Q1V8K7Z2M9T5R3X6W0AB")).status, 200);
}

TEST_F(Replies, HourJBrandedContentThatNobodyMadePrivateNamesItsInput) {
    const auto user = another_user();
    const auto got = upload(user, mp4(5'000), "publish=true&brand_content_toggle=true");
    EXPECT_EQ(got.code(), "invalid_input") << got.raw;
    EXPECT_THAT(got.text_at("error"), AllOf(HasSubstr("brand_content_toggle"), HasSubstr("privacy_level")));
}

} // namespace
