// Inputs as callers really send them: null for absent values, Windows line breaks, long URLs with queries,
// pictures and sound declared as videos.
#include "flow/action_test.hpp"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

namespace {

using boost::json::array;
using boost::json::object;

class GivenInputs : public action_test {
protected:
    std::string form_of(const std::string& input, const std::string& file) {
        return "--b0\r\nContent-Disposition: form-data; name=\"input\"\r\n\r\n" + input
               + "\r\n--b0\r\nContent-Disposition: form-data; name=\"file_to_upload\"\r\n\r\n" + file
               + "\r\n--b0--";
    }
    harness::answer send_form(const std::string& user, const std::string& input, const std::string& file,
                              const harness::fields& more = {}) {
        auto fields = more;
        fields.emplace("Content-Type", "multipart/form-data; boundary=b0");
        return upload(user, form_of(input, file), {}, fields);
    }
    std::string caption_of(const harness::answer& got) {
        EXPECT_EQ(got.status, 200) << got.raw;
        return text_in(w.tiktok().post(got.text_at("data.publish_id")), "caption");
    }
    std::string first_url_of(const harness::answer& got) {
        EXPECT_EQ(got.status, 200) << got.raw;
        const auto post = w.tiktok().post(got.text_at("data.publish_id"));
        return std::string(post.at("urls").as_array().at(0).as_string());
    }
    std::size_t inits() {
        return calls_of("/v2/post/publish/inbox/video/init/") + calls_of("/v2/post/publish/video/init/");
    }

    const object nothing_more{{"caption", nullptr},
                              {"publish", nullptr},
                              {"chunk_size_bytes", nullptr},
                              {"keep", nullptr},
                              {"privacy_level", nullptr},
                              {"disable_comment", nullptr},
                              {"disable_duet", nullptr},
                              {"disable_stitch", nullptr},
                              {"video_cover_timestamp_ms", nullptr},
                              {"brand_content_toggle", nullptr},
                              {"brand_organic_toggle", nullptr},
                              {"is_aigc", nullptr}};
};

TEST_F(GivenInputs, FaultDNullIsAbsentWhereverItStands) {
    const auto user = another_user();
    const auto file = stage(mp4(5'000));
    const object staged{{"file_id", file}, {"s3key", nullptr}, {"name", nullptr}, {"mimetype", nullptr}};

    auto upload_input = nothing_more;
    upload_input["file_to_upload"] = staged;
    upload_input["video_url"] = nullptr;
    const auto uploaded = w.api().post(path_of(user, "/videos"), upload_input);
    ASSERT_EQ(uploaded.status, 200) << uploaded.raw;
    EXPECT_EQ(uploaded.at("data.size"), 5'000);

    auto form_input = nothing_more;
    form_input["file_to_upload"] = form_input["video_url"] = nullptr;
    const auto form = send_form(user, boost::json::serialize(form_input), mp4(6'000));
    EXPECT_EQ(form.status, 200) << form.raw;

    auto batch_input = nothing_more;
    batch_input["files_to_upload"] = array{staged};
    batch_input["max_workers"] = nullptr;
    const auto batch = w.api().post(path_of(user, "/videos/batch"), batch_input);
    EXPECT_EQ(batch.status, 200) << batch.raw;
    EXPECT_TRUE(batch.at("successful").as_bool()) << batch.raw;

    const auto photos =
        w.api().post(path_of(user, "/photos"), {{"photo_images", {"https://media.example.com/1.jpg"}},
                                                {"photo_cover_index", 0},
                                                {"title", nullptr},
                                                {"description", nullptr},
                                                {"post_mode", nullptr},
                                                {"privacy_level", nullptr},
                                                {"auto_add_music", nullptr}});
    EXPECT_EQ(photos.status, 200) << photos.raw;

    const auto draft = uploaded.text_at("data.publish_id");
    settled_post(draft, "SEND_TO_USER_INBOX");
    const auto published =
        w.api().post(path_of(user, "/posts/" + draft + "/publish"),
                     {{"caption", nullptr}, {"privacy_level", nullptr}, {"direct_post", nullptr}});
    EXPECT_EQ(published.status, 200) << published.raw;

    const auto begun =
        w.api().post("/v1/users/new/connect",
                     {{"scopes", nullptr}, {"return_url", nullptr}, {"disable_auto_auth", nullptr}});
    EXPECT_EQ(begun.status, 200) << begun.raw;
    const auto queried =
        w.api().post(path_of(user, "/videos/query"), {{"video_ids", {"1"}}, {"fields", nullptr}});
    EXPECT_EQ(queried.status, 200) << queried.raw;
}

TEST_F(GivenInputs, FaultDNullIsMissingWhereAnInputIsRequired) {
    const auto user = another_user();
    const auto expect_missing = [](const harness::answer& got, const char* field) {
        EXPECT_EQ(got.status, 422) << got.raw;
        EXPECT_EQ(got.text_at("problem.fields.0.field"), field) << got.raw;
        EXPECT_EQ(got.text_at("problem.fields.0.reason"), "is required") << got.raw;
    };
    expect_missing(
        w.api().post(path_of(user, "/photos"), {{"photo_images", nullptr}, {"photo_cover_index", 0}}),
        "photo_images");
    expect_missing(w.api().post(path_of(user, "/videos/batch"), {{"files_to_upload", nullptr}}),
                   "files_to_upload");
    expect_missing(w.api().post(path_of(user, "/videos/query"), {{"video_ids", nullptr}}), "video_ids");
    const auto none =
        w.api().post(path_of(user, "/videos"), {{"file_to_upload", nullptr}, {"video_url", nullptr}});
    EXPECT_EQ(none.text_at("problem.fields.0.field"), "file_to_upload") << none.raw;
    const auto unknown =
        w.api().post(path_of(user, "/videos/query"), {{"video_ids", {"1"}}, {"colour", nullptr}});
    EXPECT_EQ(unknown.text_at("problem.fields.0.field"), "colour") << unknown.raw;
}

TEST_F(GivenInputs, FaultDAndHTheSameKeyKnowsARequestAgainHoweverItIsWritten) {
    const auto user = another_user();
    const harness::fields key{{"Idempotency-Key", "one-wish"}};
    const auto post = [&](object more) {
        more["photo_images"] = array{"https://media.example.com/1.jpg"};
        more["photo_cover_index"] = 0;
        return w.api().post(path_of(user, "/photos"), more, key);
    };
    const auto first = post({{"description", "one\ntwo"}});
    ASSERT_EQ(first.status, 200) << first.raw;
    for (const auto& again :
         {post({{"description", "one\r\ntwo"}}), post({{"description", "one\r\ntwo"}, {"title", nullptr}}),
          post({{"description", "one\ntwo"}, {"post_mode", nullptr}, {"is_aigc", nullptr}})}) {
        EXPECT_EQ(again.body, first.body);
        EXPECT_EQ(again.header("idempotent-replayed"), "true");
    }
    EXPECT_EQ(post({{"description", "one two"}}).code(), "idempotency_key_reused");
}

TEST_F(GivenInputs, FaultHALineBreakOfWindowsReachesTikTokAsALineFeed) {
    const auto user = another_user();
    const auto file = stage(mp4(5'000));
    EXPECT_EQ(
        caption_of(w.api().post(path_of(user, "/videos"), {{"file_to_upload", {{"file_id", file}}},
                                                           {"publish", true},
                                                           {"caption", "one\r\ntwo\r\n\r\nthree\nfour"}})),
        "one\ntwo\n\nthree\nfour");
    EXPECT_EQ(caption_of(upload(user, mp4(5'000), "publish=true&caption=one%0D%0Atwo")), "one\ntwo");
    EXPECT_EQ(caption_of(send_form(user, R"({"publish":true,"caption":"one\r\ntwo"})", mp4(5'000))),
              "one\ntwo");
    const auto photos =
        w.api().post(path_of(user, "/photos"), {{"photo_images", {"https://media.example.com/1.jpg"}},
                                                {"photo_cover_index", 0},
                                                {"description", "one\r\ntwo"}});
    ASSERT_EQ(photos.status, 200) << photos.raw;
    EXPECT_EQ(text_in(w.tiktok().post(photos.text_at("data.publish_id")), "description"), "one\ntwo");
    for (const char* alone : {"one\rtwo", "one\r", "one\r\r\ntwo", "one\n\rtwo"}) {
        const auto got =
            w.api().post(path_of(user, "/videos"),
                         {{"file_to_upload", {{"file_id", file}}}, {"publish", true}, {"caption", alone}});
        EXPECT_EQ(got.status, 422) << got.raw;
        EXPECT_EQ(got.text_at("problem.fields.0.field"), "caption");
    }
}

TEST_F(GivenInputs, FaultHLongUrlsReachTikTokAsTheyAre) {
    const auto user = another_user();
    for (const std::size_t size : {2'100U, 4'096U}) {
        std::string url =
            "https://media.example.com/v%2F1.mp4?X-Amz-Credential=a%2Fb&ids[]=1&next=/../"
            "&X-Amz-Security-Token=";
        url += std::string(size - url.size(), 'A');
        EXPECT_EQ(first_url_of(w.api().post(path_of(user, "/videos"), {{"video_url", url}})), url);
        array photos;
        for (int i = 0; i < 35; ++i)
            photos.emplace_back(url);
        EXPECT_EQ(first_url_of(w.api().post(path_of(user, "/photos"),
                                            {{"photo_images", photos}, {"photo_cover_index", 34}})),
                  url);
    }
    const auto got = w.api().post(path_of(user, "/videos"),
                                  {{"video_url", "https://media.example.com/?" + std::string(4'096, 'A')}});
    EXPECT_EQ(got.text_at("problem.fields.0.reason"), "must not be longer than 4096 bytes") << got.raw;
}

TEST_F(GivenInputs, FaultCAVerifiedPrefixLooksAtThePath) {
    w.options.settings +=
        "tiktok: {verified_url_prefixes: ['https://media.example.com/videos/', pull.example.com]}\n";
    const auto user = another_user();
    const std::string url = "https://media.example.com/videos/1.mp4?sig=a%2Fb&next=%2F..%2f";
    EXPECT_EQ(first_url_of(w.api().post(path_of(user, "/videos"), {{"video_url", url}})), url);
    for (const char* outside :
         {"https://media.example.com/?/videos/", "https://media.example.com/videos?/1.mp4",
          "https://media.example.com/videos/..%2f1.mp4", "https://media.example.com/other/1.mp4?x=%2F"}) {
        const auto got = w.api().post(path_of(user, "/videos"), {{"video_url", outside}});
        EXPECT_EQ(got.status, 422) << outside << got.raw;
        EXPECT_EQ(got.text_at("problem.fields.0.field"), "video_url");
    }
}

/// Bytes that begin with the first box of a file.
std::string file_of(const std::string& brands, std::size_t size_bytes = 5'000) {
    auto bytes = mp4(size_bytes);
    const std::string box = "ftyp" + brands.substr(0, 4) + std::string(4, '\0') + brands.substr(4);
    const std::string head = {'\0', '\0', '\0', static_cast<char>(box.size() + 4)};
    return bytes.replace(0, head.size() + box.size(), head + box);
}

TEST_F(GivenInputs, FaultBPicturesAndSoundAreRefusedBeforeAnInit) {
    const auto user = another_user();
    for (const char* brands : {"heicmif1heic", "heixmif1", "mif1heic", "msf1hevciso8", "avifmif1", "avismsf1",
                               "M4A mp42isom", "M4B M4A mp42", "crx isom"}) {
        SCOPED_TRACE(brands);
        const auto bytes = file_of(brands);
        const auto expect_refused = [](const harness::answer& got, const std::string& problem) {
            EXPECT_EQ(got.text_at(problem + ".code"), "invalid_input") << got.raw;
            EXPECT_EQ(got.text_at(problem + ".fields.0.field"), "file_to_upload") << got.raw;
        };
        for (const auto& got :
             {upload(user, bytes), upload(user, bytes, "publish=true"), send_form(user, "{}", bytes),
              w.api().post(path_of(user, "/videos"), {{"file_to_upload", {{"file_id", stage(bytes)}}}})}) {
            EXPECT_EQ(got.status, 422) << got.raw;
            expect_refused(got, "problem");
        }
        object staged{{"file_id", stage(bytes)}};
        expect_refused(w.api().post(path_of(user, "/videos/batch"), {{"files_to_upload", array{staged}}}),
                       "data.results.0.problem");
    }
    EXPECT_EQ(inits(), 0U);
    for (const char* brands : {"mp42mp42M4A isom", "isomisomiso2avc1mp41", "qt  qt  ", "M4V M4A mp42"})
        EXPECT_EQ(upload(user, file_of(brands)).status, 200) << brands;
}

TEST_F(GivenInputs, FaultBBrandsAreReadThoughTheFirstBoxComesInPieces) {
    const auto user = another_user();
    std::string brands = "ZZZZ";
    for (int i = 0; i < 40; ++i)
        brands += "ZZZ0";
    const auto bytes = file_of(brands + "mif1heic", 100'000);
    harness::raw_socket client(w.gateway().port(), w.heard());
    client.send(
        "POST " + path_of(user, "/videos") + " HTTP/1.1\r\nHost: localhost\r\nx-api-key: " + w.caller_key()
        + "\r\nContent-Type: video/mp4\r\nContent-Length: " + std::to_string(bytes.size()) + "\r\n\r\n");
    for (std::size_t at = 0; at < 8'000; at += 50)
        client.send(std::string_view(bytes).substr(at, 50));
    EXPECT_EQ(harness::parse_answer(client.receive_answer()).status, 422);
    EXPECT_EQ(inits(), 0U);
}

} // namespace
