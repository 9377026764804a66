// Invalid inputs are refused before any work is done (docs/contract.md §5): each case of tests/tables over
// HTTP, in the form that its action takes.
#include "flow/validation_test.hpp"

namespace {

using tables::way;

class Validation : public validation_test {
protected:
    /// One gateway for all cases, because a start costs more than a hundred refusals.
    void expect_all_refused(const std::vector<tables::refusal>& cases) {
        const auto before = seen_by_tiktok();
        for (const auto& each : cases) {
            SCOPED_TRACE(each.slug + ' ' + each.name + ' ' + each.given.substr(0, 200));
            expect_refused(send(row_of(each.slug), each.sent, each.given), each.faults);
        }
        EXPECT_EQ(seen_by_tiktok(), before);
    }
};

TEST_F(Validation, EachRuleOfEachActionIsHeldOverTheWire) {
    expect_all_refused(tables::written_refusals());
}

TEST_F(Validation, EachInputOfEachActionIsRefusedInEachWayItsKindCanBeWrong) {
    expect_all_refused(tables::derived_refusals(rows()));
}

TEST_F(Validation, WhatOnlyTheSettingsCanTellIsRefusedTheSameWay) {
    const std::string branded =
        "brand_content_toggle branded content must not be private: give a wider privacy_level";
    expect_all_refused({
        {"ScopesAndReturnUrl", "GATEWAY_CONNECT", way::body,
         R"({"scopes":["user.info.basic","video.delete"],"return_url":"https://elsewhere.example/"})",
         "scopes[1] must be one of the gateway's tiktok.scopes: user.info.basic, user.info.profile, "
         "user.info.stats, video.list, video.upload, video.publish\n"
         "return_url must lie under the gateway's public_url or this key's return_url_prefixes"},
        {"NoTokens", "GATEWAY_IMPORT_TOKENS", way::body, "{}",
         "access_token must be a string, and is required\n"
         "refresh_token must be a string, and is required\n"
         "refresh_expires_in must be a whole number of seconds above 0, and is required\n"
         "open_id must be a string, and is required\n"
         "scope must be a string, and is required"},
        {"BrandedByDefaultPrivate", "TIKTOK_UPLOAD_VIDEO", way::video,
         "publish=true&brand_content_toggle=true", branded},
        {"BrandedFormByDefaultPrivate", "TIKTOK_UPLOAD_VIDEO", way::form,
         R"({"publish":true,"brand_content_toggle":true})", branded},
        {"BrandedBatchByDefaultPrivate", "TIKTOK_UPLOAD_VIDEOS", way::body,
         R"({"files_to_upload":[{"file_id":"file_01JD0000000000000000000000"}],)"
         R"("publish":true,"brand_content_toggle":true})",
         branded},
        {"BrandedPhotosByDefaultPrivate", "TIKTOK_POST_PHOTO", way::body,
         R"({"photo_images":["https://media.example.com/1.jpg"],"photo_cover_index":0,)"
         R"("post_mode":"DIRECT_POST","brand_content_toggle":true})",
         branded},
    });
}

TEST_F(Validation, UrlsOutsideTheVerifiedPrefixesAreRefusedBeforeTikTokIsAsked) {
    w.stop_gateway();
    w.options.settings += "tiktok: {verified_url_prefixes: ['https://media.example.com/']}\n";
    expect_all_refused({
        {"Video", "TIKTOK_UPLOAD_VIDEO", way::body, R"({"video_url":"https://a.example/v.mp4"})",
         "video_url is not under a verified URL prefix of the TikTok app"},
        {"SecondPhoto", "TIKTOK_POST_PHOTO", way::body,
         R"({"photo_images":["https://media.example.com/1.jpg","https://a.example/1.jpg"],"photo_cover_index":0})",
         "photo_images[1] is not under a verified URL prefix of the TikTok app"},
    });
}

} // namespace
