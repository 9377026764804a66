// Valid inputs reach the handler unchanged; absent ones get their default.
#include "actions/table.hpp"
#include "api/validate.hpp"
#include "base/json/strict.hpp"

#include <boost/json/serialize.hpp>
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <random>

namespace gateway::api {
namespace {

const std::vector<std::string> no_prefixes;

const row& row_of(std::string_view slug) {
    const auto rows = actions::table();
    return *std::find_if(rows.begin(), rows.end(), [slug](const row& each) { return each.slug == slug; });
}

checked_input taken(std::string_view slug, std::string_view given, bool bytes = false) {
    const validation by{.what = row_of(slug), .verified_url_prefixes = no_prefixes, .came_with_bytes = bytes};
    auto checked = given.starts_with('{') ? check_body(by, given) : check_query(by, given);
    EXPECT_TRUE(checked) << given;
    return checked ? std::move(*checked) : checked_input{};
}

using texts = std::vector<std::string>;

TEST(Inputs, FieldsComeRepeatedOrJoinedOrAsAList) {
    const texts wanted{"open_id", "username"};
    EXPECT_EQ(taken("TIKTOK_GET_USER_PROFILE", "fields=open_id,username").texts("fields"), wanted);
    EXPECT_EQ(taken("TIKTOK_GET_USER_PROFILE", "fields=open_id&fields=username").texts("fields"), wanted);
    EXPECT_EQ(taken("TIKTOK_GET_USER_PROFILE", "fields=open_id%2Cusername&fields=open_id").texts("fields"),
              wanted);
    const texts video_fields{"id", "title"};
    EXPECT_EQ(taken("TIKTOK_QUERY_VIDEOS", R"({"video_ids":["1"],"fields":["id","title"]})").texts("fields"),
              video_fields);
    EXPECT_EQ(taken("TIKTOK_QUERY_VIDEOS", R"({"video_ids":["1"],"fields":"id,title"})").texts("fields"),
              video_fields);
}

TEST(Inputs, DefaultsAreFilledIn) {
    EXPECT_EQ(taken("TIKTOK_LIST_VIDEOS", "").integer("max_count"), 20);
    const auto upload = taken("TIKTOK_UPLOAD_VIDEO", "caption=x", true);
    EXPECT_FALSE(upload.flag("publish"));
    EXPECT_TRUE(upload.flag("keep"));
    EXPECT_FALSE(upload.has("privacy_level")); // the settings' default, not the row's
    const auto photo =
        taken("TIKTOK_POST_PHOTO", R"({"photo_images":["https://a.example/1.jpg"],"photo_cover_index":0})");
    EXPECT_EQ(photo.text("post_mode"), "MEDIA_UPLOAD");
    EXPECT_TRUE(taken("TIKTOK_PUBLISH_VIDEO", "{}").flag("direct_post"));
}

TEST(Inputs, AFileGoesByEitherOfItsNames) {
    for (const char* name : {"file_id", "s3key"}) {
        const auto given = taken("TIKTOK_UPLOAD_VIDEO",
                                 std::string(R"({"file_to_upload":{"name":"a.mp4","mimetype":"video/mp4",")")
                                     + name + R"(":"file_01JD0000000000000000000000"}})");
        const auto files = given.files("file_to_upload");
        ASSERT_EQ(files.size(), 1U);
        EXPECT_EQ(files[0].name, "a.mp4");
        EXPECT_EQ(files[0].id.text(), "file_01JD0000000000000000000000");
    }
}

TEST(Inputs, TheOrderGivenDoesNotMatterForWhatIsRemembered) {
    const auto one = taken("TIKTOK_UPLOAD_VIDEO", R"({"video_url":"https://a.example/v.mp4","caption":"x"})");
    const auto two =
        taken("TIKTOK_UPLOAD_VIDEO", R"({"caption":"x","keep":true,"video_url":"https://a.example/v.mp4"})");
    EXPECT_EQ(boost::json::serialize(one.values()), boost::json::serialize(two.values()));
}

/// Every action that takes JSON, with its required inputs.
const std::pair<const char*, const char*> actions_with_bodies[] = {
    {"TIKTOK_UPLOAD_VIDEO", R"({"video_url":"https://a.example/v.mp4"})"},
    {"TIKTOK_UPLOAD_VIDEO", R"({"file_to_upload":{"file_id":"file_01JD0000000000000000000000"}})"},
    {"TIKTOK_UPLOAD_VIDEOS", R"({"files_to_upload":[{"file_id":"file_01JD0000000000000000000000"}]})"},
    {"TIKTOK_POST_PHOTO", R"({"photo_images":["https://a.example/1.jpg"],"photo_cover_index":0})"},
    {"TIKTOK_PUBLISH_VIDEO", "{}"},
    {"TIKTOK_QUERY_VIDEOS", R"({"video_ids":["1"]})"},
    {"GATEWAY_CONNECT", "{}"},
    {"GATEWAY_CONFIRM", R"({"confirmation":"x"})"},
    {"GATEWAY_REDELIVER", R"({"since":"2026-11-30T18:00:00Z"})"},
};

TEST(Inputs, FaultDAnOptionalInputThatIsNullIsAbsent) {
    for (const auto& [slug, needed] : actions_with_bodies) {
        const auto plain = boost::json::serialize(taken(slug, needed).values());
        auto all = parse_json(needed).value().as_object();
        for (const auto& rule : row_of(slug).inputs) {
            if (all.contains(rule.name)) continue;
            auto one = parse_json(needed).value().as_object();
            one[rule.name] = nullptr;
            EXPECT_EQ(boost::json::serialize(taken(slug, boost::json::serialize(one)).values()), plain)
                << slug << ' ' << rule.name;
            all[rule.name] = nullptr;
        }
        EXPECT_EQ(boost::json::serialize(taken(slug, boost::json::serialize(all)).values()), plain) << slug;
    }
}

TEST(Inputs, AllFaultsOfARedeliveryAreToldTogether) {
    const validation by{.what = row_of("GATEWAY_REDELIVER"), .verified_url_prefixes = no_prefixes};
    const auto refused = check_body(
        by, R"({"since":"yesterday","until":"2026-11-30","events":["post.failed","post.deleted",7]})");
    ASSERT_FALSE(refused);
    texts named;
    for (const auto& one : refused.error().details()->fields)
        named.push_back(one.field);
    std::sort(named.begin(), named.end());
    EXPECT_EQ(named, (texts{"events[1]", "events[2]", "since", "until"}));
    const auto good =
        taken("GATEWAY_REDELIVER", R"({"since":"2026-11-30T18:00:00.042Z","events":["connection.revoked"]})");
    EXPECT_EQ(unix_ms(*good.time("since")) % 1'000, 42);
    EXPECT_EQ(good.texts("events"), texts{"connection.revoked"});
}

TEST(Inputs, TheItemsOfAListThatIsTooLongAreCheckedToo) {
    boost::json::array images(36, boost::json::value("https://a.example/1.jpg"));
    images[2] = "http://a.example/1.jpg";
    const boost::json::object given{{"photo_images", std::move(images)}, {"photo_cover_index", 0}};
    const validation by{.what = row_of("TIKTOK_POST_PHOTO"), .verified_url_prefixes = no_prefixes};
    const auto checked = check_body(by, boost::json::serialize(given));
    ASSERT_FALSE(checked);
    ASSERT_TRUE(checked.error().details());
    texts fields;
    for (const auto& each : checked.error().details()->fields)
        fields.push_back(each.field);
    EXPECT_EQ(fields, (texts{"photo_images", "photo_images[2]"}));
}

TEST(Inputs, FaultDAMemberOfAFileThatIsNullIsAbsent) {
    const auto plain =
        taken("TIKTOK_UPLOAD_VIDEO", R"({"file_to_upload":{"file_id":"file_01JD0000000000000000000000"}})");
    for (const char* file :
         {R"({"file_id":"file_01JD0000000000000000000000","name":null,"mimetype":null,"s3key":null})",
          R"({"file_id":null,"s3key":"file_01JD0000000000000000000000"})"}) {
        const auto single = taken("TIKTOK_UPLOAD_VIDEO", std::string(R"({"file_to_upload":)") + file + "}");
        EXPECT_EQ(boost::json::serialize(single.values()), boost::json::serialize(plain.values())) << file;
        const auto batch =
            taken("TIKTOK_UPLOAD_VIDEOS", std::string(R"({"files_to_upload":[)") + file + "]}");
        ASSERT_EQ(batch.files("files_to_upload").size(), 1U) << file;
        EXPECT_EQ(batch.files("files_to_upload")[0].id.text(), "file_01JD0000000000000000000000") << file;
    }
}

TEST(Inputs, FaultHCarriageReturnAndLineFeedAreOneLineFeed) {
    for (const char* slug :
         {"TIKTOK_UPLOAD_VIDEO", "TIKTOK_PUBLISH_VIDEO", "TIKTOK_POST_PHOTO", "TIKTOK_UPLOAD_VIDEOS"}) {
        for (const auto& rule : row_of(slug).inputs) {
            if (rule.type != kind::text || !rule.multiline) continue;
            const auto needed =
                std::find_if(std::begin(actions_with_bodies), std::end(actions_with_bodies),
                             [&](const auto& each) { return std::string_view(each.first) == slug; });
            const auto read = [&](std::string_view text) {
                auto body = parse_json(needed->second).value().as_object();
                body[rule.name] = boost::json::string(text);
                return taken(slug, boost::json::serialize(body)).text(rule.name);
            };
            EXPECT_EQ(read("one\r\ntwo\r\n\r\nthree\nfour\r\n"), "one\ntwo\n\nthree\nfour\n")
                << slug << rule.name;
            EXPECT_EQ(read("\r\n"), "\n") << slug << rule.name;
        }
    }
    EXPECT_EQ(taken("TIKTOK_UPLOAD_VIDEO", "caption=a%0D%0Ab", true).text("caption"), "a\nb");
}

TEST(Inputs, FaultHALengthIsCountedAfterLineBreaksWereRead) {
    const auto fits = [](const std::string& caption) {
        boost::json::object body{{"video_url", "https://a.example/v.mp4"}, {"caption", caption}};
        const validation by{.what = row_of("TIKTOK_UPLOAD_VIDEO"), .verified_url_prefixes = no_prefixes};
        return check_body(by, boost::json::serialize(body)).has_value();
    };
    EXPECT_TRUE(fits(std::string(2198, 'a') + "\r\n\r\n"));
    EXPECT_FALSE(fits(std::string(2199, 'a') + "\r\n\r\n"));
}

TEST(Inputs, FaultHAUrlOfUpTo4096BytesIsTaken) {
    for (const std::size_t size : {2100U, 4096U}) {
        const std::string url = "https://a.example/v.mp4?token=" + std::string(size - 30, 'A');
        EXPECT_EQ(taken("TIKTOK_UPLOAD_VIDEO", R"({"video_url":")" + url + "\"}").text("video_url"), url);
        const auto photos =
            taken("TIKTOK_POST_PHOTO", R"({"photo_cover_index":0,"photo_images":[")" + url + "\"]}");
        EXPECT_EQ(photos.texts("photo_images"), texts{url});
        EXPECT_EQ(taken("GATEWAY_CONNECT", R"({"return_url":")" + url + "\"}").text("return_url"), url);
    }
}

TEST(Inputs, FaultCAQueryIsHandedOnAsItCame) {
    const std::string url = "https://a.example/v/1%2F2.mp4?sig=a%2Fb%2e%2E&next=/../&ids[]=1|2&x=50%";
    EXPECT_EQ(taken("TIKTOK_UPLOAD_VIDEO", R"({"video_url":")" + url + "\"}").text("video_url"), url);
    EXPECT_EQ(taken("TIKTOK_POST_PHOTO", R"({"photo_cover_index":0,"photo_images":[")" + url + "\"]}")
                  .texts("photo_images"),
              texts{url});
}

TEST(Inputs, CaptionsAreCountedInUtf16Units) {
    const auto fits = [](const std::string& caption) {
        boost::json::object body{{"video_url", "https://a.example/v.mp4"}, {"caption", caption}};
        const validation by{.what = row_of("TIKTOK_UPLOAD_VIDEO"), .verified_url_prefixes = no_prefixes};
        return check_body(by, boost::json::serialize(body)).has_value();
    };
    const std::string emoji = "\xf0\x9f\x98\x80"; // two units, four bytes
    std::string text;
    for (int i = 0; i < 1100; ++i)
        text += emoji;
    EXPECT_TRUE(fits(text));
    EXPECT_FALSE(fits(text + "a"));
    EXPECT_TRUE(fits(std::string(2200, 'a')));
    EXPECT_FALSE(fits(std::string(2201, 'a')));
}

std::string utf8(char32_t point) {
    const auto byte = [](char32_t bits) { return static_cast<char>(static_cast<unsigned char>(bits)); };
    if (point < 0x80) return {byte(point)};
    if (point < 0x800) return {byte(0xc0 | (point >> 6)), byte(0x80 | (point & 63))};
    if (point < 0x10000)
        return {byte(0xe0 | (point >> 12)), byte(0x80 | ((point >> 6) & 63)), byte(0x80 | (point & 63))};
    return {byte(0xf0 | (point >> 18)), byte(0x80 | ((point >> 12) & 63)), byte(0x80 | ((point >> 6) & 63)),
            byte(0x80 | (point & 63))};
}

TEST(Inputs, DeathAWhatIsOnlyUnderNoVerifiedPrefixIsRefusedBesideTheInputs) {
    const std::vector<std::string> prefixes{"https://media.example.com/"};
    std::optional<failure> unverified;
    validation by{.what = row_of("TIKTOK_POST_PHOTO"), .verified_url_prefixes = prefixes};
    const auto photos = [](const char* second, int cover) {
        return std::string(R"({"photo_images":["https://media.example.com/1.jpg",")") + second
               + R"("],"photo_cover_index":)" + std::to_string(cover) + "}";
    };
    const auto elsewhere = photos("https://elsewhere.example.com/2.jpg", 1);
    EXPECT_EQ(check_body(by, elsewhere).error().details()->fields.at(0).field, "photo_images[1]");

    by.unverified = &unverified;
    const auto checked = check_body(by, elsewhere);
    ASSERT_TRUE(checked);
    EXPECT_EQ(checked->texts("photo_images").size(), 2U) << "as the fingerprint had it";
    ASSERT_TRUE(unverified);
    EXPECT_EQ(unverified->details()->fields.at(0).field, "photo_images[1]");

    unverified.reset();
    const auto both = check_body(by, photos("https://elsewhere.example.com/2.jpg", 7));
    ASSERT_FALSE(both) << "the form itself is wrong";
    EXPECT_EQ(both.error().details()->fields.size(), 2U);
    EXPECT_FALSE(check_body(by, photos("http://media.example.com/2.jpg", 1)));
    EXPECT_TRUE(check_body(by, photos("https://media.example.com/2.jpg", 1)));
    EXPECT_FALSE(unverified);
}

TEST(Inputs, C24LegalTextOfAnyScriptPassesUnchanged) {
    std::mt19937 dice(20261123);
    const char32_t favourites[] = {U'\n',  U' ',    U'"',     U'\\',  U'/', U'#',   U'@', 0x202e /* bidi */,
                                   0x200d, 0x1f600, 0x10ffff, 0xfeff, 0xa0, 0xfffd, 0x7e, 0x2028};
    for (int round = 0; round < 2000; ++round) {
        std::string caption;
        const int length = static_cast<int>(dice() % 60);
        for (int i = 0; i < length; ++i) {
            char32_t point = dice() % 3 == 0 ? favourites[dice() % std::size(favourites)]
                                             : static_cast<char32_t>(dice() % 0x110000);
            const bool control = (point < 0x20 && point != U'\n') || (point >= 0x7f && point < 0xa0);
            if (control || (point >= 0xd800 && point < 0xe000)) point = U'x';
            caption += utf8(point);
        }
        boost::json::object body{{"video_url", "https://a.example/v.mp4"}, {"caption", caption}};
        ASSERT_EQ(taken("TIKTOK_UPLOAD_VIDEO", boost::json::serialize(body)).text("caption"), caption);
    }
}

} // namespace
} // namespace gateway::api
