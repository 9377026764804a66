// Bodies that come in pieces: whole documents, and the file inside a form.
#include "pipeline/body_reader.hpp"
#include "pipeline/intake.hpp"
#include "unit_core/runtime/run_on.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

namespace gateway::pipeline {
namespace {

using gateway::testing::run_on;
using gateway::testing::soon;

/// Bytes in pieces of at most `piece_bytes`.
class pieces final : public body_source {
public:
    pieces(std::string bytes, std::size_t piece_bytes)
        : bytes_(std::move(bytes)), piece_bytes_(piece_bytes) {}
    std::uint64_t size_bytes() const override { return bytes_.size(); }
    std::size_t taken() const { return at_; }
    task<result<std::size_t>> read_some(std::span<char> space, deadline) override {
        const auto count = std::min({space.size(), piece_bytes_, bytes_.size() - at_});
        std::memcpy(space.data(), bytes_.data() + at_, count);
        at_ += count;
        co_return count;
    }

private:
    std::string bytes_;
    std::size_t piece_bytes_;
    std::size_t at_ = 0;
};

std::string form_of(const std::string& input, const std::string& file) {
    return "--b0\r\nContent-Disposition: form-data; name=\"input\"\r\n\r\n" + input
           + "\r\n--b0\r\nContent-Disposition: form-data; name=\"file_to_upload\"; filename=\"a.mp4\"\r\n"
             "Content-Type: video/mp4\r\n\r\n"
           + file + "\r\n--b0--\r\n";
}

const actions::row& row_of(std::string_view slug) {
    const auto rows = actions::table();
    return *std::find_if(rows.begin(), rows.end(), [slug](const auto& each) { return each.slug == slug; });
}

class Bodies : public ::testing::TestWithParam<std::size_t> {
protected:
    worker loop;
    settings::tiktok rules;

    request asking(std::string_view slug, pieces& body, std::string_view type) {
        request out;
        out.what = &row_of(slug);
        out.body = &body;
        out.has_body = true;
        out.content_type = type;
        out.content_length = body.size_bytes();
        return out;
    }
    result<intake> take(const request& what) {
        auto plan = plan_body(what);
        if (!plan) return plan.error();
        return run_on(loop, take_in(what, std::move(*plan), rules, soon()));
    }
    result<std::string> read_file(body_source& from) {
        return run_on(loop, read_whole(from, 1 << 20, soon()));
    }
};

TEST_P(Bodies, ADocumentIsReadUpToItsBound) {
    pieces fits(std::string(1000, 'a'), GetParam());
    EXPECT_EQ(*run_on(loop, read_whole(fits, 1000, soon())), std::string(1000, 'a'));
    pieces longer(std::string(1001, 'a'), GetParam());
    EXPECT_EQ(run_on(loop, read_whole(longer, 1000, soon())).error().code(), errc::too_large);
}

TEST_P(Bodies, AFormGivesItsInputsBeforeTheFileAndTheFileWhole) {
    const std::string file(70'000, 'v');
    pieces raw(form_of(R"({"publish":true,"caption":"x"})", file), GetParam());
    auto taken = take(asking("TIKTOK_UPLOAD_VIDEO", raw, "multipart/form-data; boundary=b0"));
    ASSERT_TRUE(taken) << taken.error().message();
    EXPECT_TRUE(taken->input.flag("publish"));
    EXPECT_EQ(taken->body.file_name, "a.mp4");
    ASSERT_TRUE(taken->body.source);
    EXPECT_EQ(taken->body.source->size_bytes(), file.size());
    EXPECT_LT(raw.taken(), file.size()); // no more than one buffer of it
    EXPECT_EQ(*read_file(*taken->body.source), file);
}

TEST_P(Bodies, AFormThatEndsEarlyIsMalformed) {
    auto bytes = form_of("{}", std::string(1000, 'v'));
    const auto announced = bytes.size();
    bytes.resize(bytes.size() - 500);
    pieces raw(std::move(bytes), GetParam());
    auto what = asking("TIKTOK_UPLOAD_VIDEO", raw, "multipart/form-data; boundary=b0");
    what.content_length = announced;
    auto taken = take(what);
    ASSERT_TRUE(taken);
    EXPECT_EQ(read_file(*taken->body.source).error().code(), errc::malformed_request);
}

TEST_P(Bodies, FaultsOfAFormsInputsAreFoundBeforeTheFileIsRead) {
    pieces raw(form_of(R"({"publish":1,"video_url":"https://a.example/v"})", std::string(200'000, 'v')),
               GetParam());
    const auto taken = take(asking("TIKTOK_UPLOAD_VIDEO", raw, "multipart/form-data; boundary=b0"));
    ASSERT_FALSE(taken);
    EXPECT_EQ(taken.error().details()->fields.size(), 2U);
    EXPECT_LT(raw.taken(), 100'000U);
}

TEST_P(Bodies, ARawBodyIsLeftUnread) {
    pieces raw(std::string(1000, 'v'), GetParam());
    auto what = asking("TIKTOK_UPLOAD_VIDEO", raw, "video/mp4");
    what.query = "caption=hello";
    const auto taken = take(what);
    ASSERT_TRUE(taken);
    EXPECT_EQ(taken->input.text("caption"), "hello");
    EXPECT_EQ(taken->body.source, &raw);
    EXPECT_EQ(raw.taken(), 0U);
}

TEST_P(Bodies, ADocumentGoesToItsActionAsItCame) {
    pieces raw(R"({"access_token":"x"})", GetParam());
    const auto taken = take(asking("GATEWAY_IMPORT_TOKENS", raw, "application/json"));
    ASSERT_TRUE(taken);
    EXPECT_EQ(taken->document, R"({"access_token":"x"})");
}

TEST_P(Bodies, FaultEAChunkedBodyOfNoBytesIsNoBody) {
    for (const char* slug : {"TIKTOK_LIST_VIDEOS", "GATEWAY_CONNECT"})
        for (const char* type : {"", "text/plain", "application/json"}) {
            pieces nothing({}, GetParam());
            auto what = asking(slug, nothing, type);
            what.content_length.reset();
            const auto taken = take(what);
            EXPECT_TRUE(taken) << slug << type << (taken ? "" : taken.error().message());
            pieces some("{}", GetParam());
            what.body = &some;
            const auto other = take(what);
            const bool fine = std::string_view(slug) == "TIKTOK_LIST_VIDEOS" || type[0] == 'a';
            EXPECT_EQ(other.has_value(), fine) << slug << type;
            if (!fine) {
                EXPECT_EQ(other.error().code(), errc::unsupported_media_type);
            }
        }
}

TEST_P(Bodies, FaultFABodyNobodyAskedForIsReadToItsEndOrRefused) {
    pieces most(std::string(64 * 1024, 'x'), GetParam());
    EXPECT_TRUE(take(asking("TIKTOK_LIST_VIDEOS", most, "")));
    EXPECT_EQ(most.taken(), 64U * 1024) << "what is left would be the next request";
    pieces more(std::string(64 * 1024 + 1, 'x'), GetParam());
    auto what = asking("TIKTOK_LIST_VIDEOS", more, "");
    what.content_length.reset();
    const auto refused = take(what);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), errc::too_large);
}

INSTANTIATE_TEST_SUITE_P(InPieces, Bodies, ::testing::Values(1, 7, 1000, 1 << 20));

} // namespace
} // namespace gateway::pipeline
