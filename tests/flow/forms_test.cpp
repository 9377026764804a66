// Uploads as multipart/form-data: every form that the RFCs allow is accepted, and an invalid one causes no
// init.
#include "flow/action_test.hpp"

#include <gmock/gmock.h>

#include <filesystem>

namespace {

constexpr const char* inbox_init = "/v2/post/publish/inbox/video/init/";

const std::string input_head = "--b0\r\nContent-Disposition: form-data; name=\"input\"\r\n\r\n";

std::string input_part(const std::string& input) {
    return input_head + input + "\r\n";
}
/// `fields`: more header lines of the part.
std::string file_part(const std::string& file, const std::string& fields = {}) {
    return "--b0\r\nContent-Disposition: form-data; name=\"file_to_upload\"; filename=\"a.mp4\"\r\n" + fields
           + "Content-Type: video/mp4\r\n\r\n" + file + "\r\n";
}
std::string length_of(const std::string& file) {
    return "Content-Length: " + std::to_string(file.size()) + "\r\n";
}

class Forms : public action_test {
protected:
    harness::answer send(const std::string& user, const std::string& form, const harness::fields& more = {}) {
        auto fields = more;
        fields.emplace("Content-Type", "multipart/form-data; boundary=b0");
        return upload(user, form, {}, fields);
    }
    std::size_t inits() { return calls_of(inbox_init); }
    std::size_t files_kept() {
        std::size_t count = 0;
        for ([[maybe_unused]] const auto& each :
             std::filesystem::directory_iterator(w.folder().path() / "files"))
            ++count;
        return count;
    }
    void expect_taken(const std::string& user, const std::string& form, const std::string& video) {
        const auto before = inits();
        const auto got = send(user, form);
        ASSERT_EQ(got.status, 200) << got.raw;
        EXPECT_EQ(got.at("data.size"), video.size());
        const auto post = w.tiktok().post(got.text_at("data.publish_id"));
        EXPECT_EQ(text_in(post, "sha256"), sha256_of(video));
        EXPECT_EQ(inits(), before + 1);
    }
    void expect_refused(const std::string& user, const std::string& form, int status,
                        const std::string& field = {}) {
        const auto kept = files_kept();
        const auto got = send(user, form);
        EXPECT_EQ(got.status, status) << got.raw;
        EXPECT_EQ(got.code(), status == 422 ? "invalid_input" : "malformed_request");
        EXPECT_EQ(got.text_at("problem.fields.0.field"), field) << got.raw;
        EXPECT_EQ(files_kept(), kept) << "something was left behind";
    }

    /// Larger than one chunk.
    const std::string large = mp4(12'000'000);
};

TEST_F(Forms, FaultATakesAFormThatEndsRightBehindItsClosingDelimiter) {
    const auto user = another_user();
    const auto video = mp4(300'000);
    // As sent by fetch of Node 18 to 22.
    const std::string body =
        "------formdata-undici-012345678901\r\nContent-Disposition: form-data; name=\"file_to_upload\"; "
        "filename=\"a.mp4\"\r\nContent-Type: video/mp4\r\n\r\n"
        + video + "\r\n------formdata-undici-012345678901--";
    const auto got = upload(
        user, body, {}, {{"Content-Type", "multipart/form-data; boundary=----formdata-undici-012345678901"}});
    ASSERT_EQ(got.status, 200) << got.raw;
    EXPECT_EQ(got.text_at("data.sha256"), sha256_of(video));
    EXPECT_EQ(inits(), 1U);
}

TEST_F(Forms, FaultATakesEveryFormThatTheRfcsAllow) {
    const auto user = another_user();
    const auto video = mp4(70'000);
    const auto in = input_part("{}"), file = file_part(video), told = file_part(video, length_of(video));
    for (const std::string& form :
         {in + file + "--b0--", in + file + "--b0--\r\n", in + file + "--b0--\r\n\r\n",
          in + file + "--b0-- \t\r\n", in + file + "--b0--\r\nan epilogue\r\n--b0\r\n",
          "a preamble\r\n" + in + file + "--b0--", file + in + "--b0--", file + in + "--b0--\r\n",
          file + "--b0--", in + told + "--b0--", told + in + "--b0--\r\nan epilogue",
          "--b0 \t" + (in + file).substr(4) + "--b0--",
          in + file_part(video, "X-Folded: a\r\n b\r\n") + "--b0--"}) {
        SCOPED_TRACE(form.substr(0, 120) + "…" + form.substr(form.size() - 60));
        expect_taken(user, form, video);
    }
}

TEST_F(Forms, FaultAInputsBehindTheFileCount) {
    const auto user = another_user();
    const auto video = mp4(70'000);
    const auto got =
        send(user, file_part(video) + input_part(R"({"publish":true,"caption":"behind"})") + "--b0--");
    ASSERT_EQ(got.status, 200) << got.raw;
    const auto post = w.tiktok().post(got.text_at("data.publish_id"));
    EXPECT_EQ(text_in(post, "caption"), "behind");
    EXPECT_EQ(text_in(post, "sha256"), sha256_of(video));
}

TEST_F(Forms, FaultAASmallFormThatIsNoneCostsNoInit) {
    const auto user = another_user();
    (void)w.gateway();
    const auto video = mp4(70'000);
    const auto in = input_part("{}");
    const std::string other = "--b0\r\nContent-Disposition: form-data; name=\"caption\"\r\n\r\nx\r\n";
    for (const std::string& fields : {std::string(), length_of(video)}) {
        const auto file = file_part(video, fields);
        for (const std::string& form :
             {in + file, in + file + "--b0", in + file + "--b0-", in + file + "--b1--\r\n",
              in + file + "--b0--x", in + file + "--b0--\n", in + file + "--b0--\r",
              (in + file).substr(0, 40'000),
              (in + file).substr(0, in.size() + file.size() - 2) + "--b0--\r\n",
              file_part(video, "Content-Length: 69999\r\n") + "--b0--\r\n",
              file_part(video, "Content-Length: 70001\r\n") + "--b0--\r\n",
              file_part(video, "Content-Length: 7000000\r\n") + "--b0--\r\n",
              file_part(video, "Content-Transfer-Encoding: base64\r\n") + "--b0--\r\n"})
            expect_refused(user, form, 400);
        expect_refused(user, in + file + file + "--b0--\r\n", 422, "file_to_upload");
        expect_refused(user, in + file + in + "--b0--\r\n", 422, "input");
        expect_refused(user, in + in + file + "--b0--\r\n", 422, "input");
        expect_refused(user, in + file + other + "--b0--\r\n", 422, "caption");
        expect_refused(user, other + in + file + "--b0--\r\n", 422, "caption");
        expect_refused(user, in + "--b0--\r\n", 422, "file_to_upload");
        expect_refused(user, file + input_part(R"({"publish":"perhaps"})") + "--b0--\r\n", 422, "publish");
    }
    EXPECT_EQ(inits(), 0U);
}

TEST_F(Forms, FaultAALargeFormIsTakenWithAndWithoutALengthOfItsFile) {
    const auto user = another_user();
    const auto in = input_part(R"({"keep":false})");
    const auto file = file_part(large), told = file_part(large, length_of(large));
    for (const std::string& form :
         {in + file + "--b0--", in + file + "--b0--\r\n", in + file + "--b0--\r\nan epilogue",
          in + told + "--b0--", in + told + "--b0--\r\n", in + told + "--b0--\r\nan epilogue"}) {
        SCOPED_TRACE(form.substr(0, 200) + "…" + form.substr(form.size() - 20));
        expect_taken(user, form, large);
        EXPECT_EQ(files_kept(), 0U);
    }
}

TEST_F(Forms, FaultALargeFormsThatAreNoneCostNoInitAsFarAsThatCanBeKnown) {
    const auto user = another_user();
    (void)w.gateway();
    const auto in = input_part("{}");
    const auto file = file_part(large), told = file_part(large, length_of(large));
    expect_refused(user, in + file, 400);
    expect_refused(user, in + file + "--b1--\r\n", 400);
    expect_refused(user, in + file + "--b0--x", 400);
    expect_refused(user, in + file + file_part("x") + "--b0--\r\n", 422, "file_to_upload");
    expect_refused(user, in + file + in + "--b0--\r\n", 422, "input");
    expect_refused(user, file + in + "--b0--\r\n", 422, "input");
    expect_refused(user, told + in + "--b0--\r\n", 422, "input");
    expect_refused(user, in + told, 400);
    expect_refused(user, in + told + "--b0", 400);
    expect_refused(user, in + file_part(large, "Content-Length: 11999999\r\n") + "--b0--\r\n", 400);
    expect_refused(user, in + file_part(large, "Content-Length: 12000001\r\n") + "--b0--\r\n", 400);
    expect_refused(user, in + file_part(large, "Content-Length: 12000002\r\n") + "--b0--\r\nan epilogue",
                   400);
    EXPECT_EQ(inits(), 0U);
}

TEST_F(Forms, FaultAAStagedFormIsKeptForALaterPublish) {
    const auto user = another_user();
    const auto got = send(user, input_part("{}") + file_part(large) + "--b0--");
    ASSERT_EQ(got.status, 200) << got.raw;
    const auto file = got.text_at("data.file_id");
    ASSERT_FALSE(file.empty()) << got.raw;
    const auto shown = w.api().get("/v1/files/" + file);
    EXPECT_EQ(shown.at("data.size"), large.size()) << shown.raw;
    EXPECT_EQ(shown.text_at("data.sha256"), sha256_of(large));
    EXPECT_EQ(files_kept(), 1U);
}

TEST_F(Forms, FaultAAFormThatFindsNoRoomOnTheDiskCostsNoInit) {
    w.options.settings += "files: {quota_bytes: 11000000}\n";
    const auto user = another_user();
    const auto in = input_part("{}");
    const auto got = send(user, in + file_part(large) + "--b0--");
    EXPECT_EQ(got.status, 503) << got.raw;
    EXPECT_EQ(got.code(), "overloaded");
    EXPECT_EQ(inits(), 0U);
    EXPECT_EQ(files_kept(), 0U);
    // An upload that announces its length needs no staged file; only its copy for later does not fit.
    const auto told = send(user, in + file_part(large, length_of(large)) + "--b0--");
    EXPECT_EQ(told.status, 200) << told.raw;
    EXPECT_TRUE(told.at("data.file_id").is_null());
}

TEST_F(Forms, FaultAAFormForAUserWhoIsNotConnectedIsNotStaged) {
    (void)another_user();
    const auto got = send("nobody", input_part("{}") + file_part(large) + "--b0--");
    EXPECT_TRUE(got.status == 404 || got.status == 0) << got.raw; // or the client was cut off while it sent
    EXPECT_EQ(files_kept(), 0U);
}

TEST_F(Forms, FaultAAClientThatGoesWhileItsFormIsStagedLeavesNothing) {
    const auto user = another_user();
    const auto form = input_part("{}") + file_part(large) + "--b0--";
    (void)w.gateway();
    for (const auto sent : {form.size() / 100, form.size() / 2, form.size() - 1}) {
        harness::raw_socket client(w.gateway().port(), w.heard());
        client.send("POST " + path_of(user, "/videos")
                    + " HTTP/1.1\r\nHost: localhost\r\nx-api-key: " + w.caller_key()
                    + "\r\nContent-Type: multipart/form-data; boundary=b0\r\nContent-Length: "
                    + std::to_string(form.size()) + "\r\n\r\n");
        client.send(std::string_view(form).substr(0, sent));
        client.reset();
    }
    const auto end = gateway::steady_now() + gateway::seconds{20};
    bool none_left = false;
    while (!none_left && gateway::steady_now() < end)
        none_left =
            w.admin().get("/metrics").body.find("tiktok_gateway_requests_in_flight 0") != std::string::npos;
    EXPECT_TRUE(none_left);
    EXPECT_EQ(files_kept(), 0U);
    EXPECT_EQ(inits(), 0U);
}

TEST_F(Forms, FaultATheSameKeyKnowsAFormAgainHoweverItIsWritten) {
    const auto user = another_user();
    const auto video = mp4(70'000);
    const harness::fields key{{"Idempotency-Key", "one-wish"}};
    const auto first = send(user, input_part("{}") + file_part(video) + "--b0--", key);
    ASSERT_EQ(first.status, 200) << first.raw;
    for (const std::string& form :
         {input_part("{}") + file_part(video) + "--b0--\r\n", file_part(video) + input_part("{}") + "--b0--",
          file_part(video, length_of(video)) + "--b0--\r\nan epilogue"}) {
        const auto again = send(user, form, key);
        EXPECT_EQ(again.body, first.body);
        EXPECT_EQ(again.header("idempotent-replayed"), "true");
    }
    EXPECT_EQ(send(user, file_part(mp4(70'001)) + "--b0--", key).code(), "idempotency_key_reused");
    EXPECT_EQ(inits(), 1U);
}

TEST_F(Forms, I09ALargeFormWithoutALengthIsAnsweredAgainWhereItFindsNoRoomAndNobodyIsConnected) {
    w.options.settings += "files: {quota_bytes: 25000000}\n";
    const auto user = another_user();
    const harness::fields key{{"Idempotency-Key", "large"}};
    const auto form = input_part("{}") + file_part(large) + "--b0--\r\n";
    const auto first = send(user, form, key);
    ASSERT_EQ(first.status, 200) << first.raw;
    (void)stage(mp4(12'000'000)); // with what was kept of the form, nothing of this size fits any more
    ASSERT_EQ(send(user, form).code(), "overloaded");
    EXPECT_EQ(send(user, form, key).body, first.body);
    EXPECT_EQ(send(user, input_part("{}") + file_part(large) + "--b0--", key).body, first.body);
    EXPECT_EQ(send(user, input_part("{}") + file_part(mp4(12'000'001)) + "--b0--", key).code(),
              "idempotency_key_reused");
    EXPECT_EQ(send(user, input_part("{}") + file_part(large) + "--b1--", key).code(), "malformed_request");
    const harness::fields fresh{{"Idempotency-Key", "fresh"}};
    EXPECT_EQ(send(user, form, fresh).code(), "overloaded");
    ASSERT_EQ(w.api().del(path_of(user, "")).status, 200);
    const auto again = send(user, form, key);
    EXPECT_EQ(again.body, first.body) << again.raw;
    EXPECT_EQ(again.header("idempotent-replayed"), "true");
    EXPECT_EQ(inits(), 1U);
}

} // namespace
