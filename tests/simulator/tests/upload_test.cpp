#include "base/digest.hpp"
#include "tiktok.hpp"

namespace gateway::simulator::testing {

namespace {

class Upload : public tiktok {
protected:
    static constexpr std::int64_t size = 10'000'003;
    static constexpr std::int64_t chunk = 5'000'000;

    Upload() {
        const std::string token = tokens_for("demo").access_token;
        const answer out = post_json("/v2/post/publish/inbox/video/init/", token,
                                     R"({"source_info":{"source":"FILE_UPLOAD","video_size":10000003,)"
                                     R"("chunk_size":5000000,"total_chunk_count":2}})");
        const std::string url(data_of(out).at("upload_url").as_string());
        query = url.substr(url.find('?') + 1);
        id = data_of(out).at("publish_id").as_string();
        bytes.replace(4, 8, "ftypmp42");
    }

    upload_start begin(const std::string& range, std::optional<std::uint64_t> length,
                       const char* type = "video/mp4") {
        request in;
        in.method = "PUT";
        in.path = "/video/";
        in.query = query;
        in.headers = {{"content-type", type}, {"content-range", range}};
        call c{w, in, w.past.add({})};
        return begin_upload(c, length);
    }
    answer put(std::int64_t first, std::int64_t last) {
        upload_start start = begin(range_of(first, last), static_cast<std::uint64_t>(last - first + 1));
        if (start.refusal) return *start.refusal;
        const auto from = static_cast<std::size_t>(first);
        const auto count = static_cast<std::size_t>(last - first + 1);
        start.chunk->take(std::string_view(bytes).substr(from, count / 2));
        start.chunk->take(std::string_view(bytes).substr(from + count / 2, count - count / 2));
        return finish_upload(w, *start.chunk);
    }
    static std::string range_of(std::int64_t first, std::int64_t last) {
        return "bytes " + std::to_string(first) + "-" + std::to_string(last) + "/" + std::to_string(size);
    }
    static std::string progress_of(const answer& out) {
        return out.headers.empty() ? "" : out.headers.front().second;
    }

    std::string query, id;
    std::string bytes = std::string(size, 'x');
};

} // namespace

TEST_F(Upload, AnswersProgressUntilAllIsThere) {
    const answer first = put(0, chunk - 1);
    EXPECT_EQ(first.status, 206);
    EXPECT_EQ(progress_of(first), "bytes 0-4999999/10000003");
    EXPECT_EQ(put(chunk, size - 1).status, 201);
    EXPECT_EQ(w.posts.find(id)->sha256, to_hex(sha256(bytes)));
    EXPECT_EQ(w.posts.find(id)->chunks.size(), 2U);
    pass(milliseconds{1'000});
    EXPECT_EQ(w.posts.find(id)->status, post_status::send_to_user_inbox);
}

TEST_F(Upload, TellsTheProgressAsACountWhenAskedTo) {
    w.config.choice.progress_header = "count";
    EXPECT_EQ(progress_of(put(0, chunk - 1)), "bytes 0-5000000/10000003");
}

TEST_F(Upload, RefusesWhatDoesNotContinueTheBytes) {
    const answer early = put(chunk, size - 1);
    EXPECT_EQ(early.status, 416);
    EXPECT_EQ(progress_of(early), "bytes */10000003");
    EXPECT_EQ(put(0, chunk - 1).status, 206);
    const answer again = put(0, chunk - 1);
    EXPECT_EQ(again.status, 416);
    EXPECT_EQ(progress_of(again), "bytes 0-4999999/10000003");
    w.config.choice.repeated_range = "accept";
    EXPECT_EQ(put(0, chunk - 1).status, 206);
    EXPECT_EQ(put(chunk, size - 1).status, 201);
    EXPECT_EQ(w.posts.find(id)->sha256, to_hex(sha256(bytes)));
}

TEST_F(Upload, RefusesChunksThatAreNotOfThePlan) {
    EXPECT_EQ(put(0, 5'999'999).status, 416);
}

TEST_F(Upload, RefusesMalformedHeaders) {
    EXPECT_EQ(begin("bytes 0-4999999/10000004", chunk).refusal->status, 400);
    EXPECT_EQ(begin("bytes 0-4999999", chunk).refusal->status, 400);
    EXPECT_EQ(begin("bytes 5-4/10000003", chunk).refusal->status, 400);
    EXPECT_EQ(begin("", chunk).refusal->status, 400);
    EXPECT_EQ(begin(range_of(0, chunk - 1), chunk - 1).refusal->status, 400);
    EXPECT_EQ(begin(range_of(0, chunk - 1), std::nullopt).refusal->status, 400);
    EXPECT_EQ(begin(range_of(0, chunk - 1), chunk, "application/octet-stream").refusal->status, 400);
    EXPECT_FALSE(begin(range_of(0, chunk - 1), chunk, "video/quicktime").refusal);
}

TEST_F(Upload, FaultVABodyOfAnotherLengthIs400OrABare502) {
    const std::optional<std::uint64_t> wrong[] = {chunk - 1, chunk + 1, 0, std::nullopt};
    for (const auto& length : wrong) {
        w.config.choice.wrong_length = "400";
        EXPECT_EQ(begin(range_of(0, chunk - 1), length).refusal->status, 400);
        w.config.choice.wrong_length = "502";
        const answer out = *begin(range_of(0, chunk - 1), length).refusal;
        EXPECT_EQ(out.status, 502);
        EXPECT_TRUE(out.body.empty() && out.content_type.empty());
    }
    // Other faults of the headers are not affected.
    EXPECT_EQ(begin("bytes 0-4999999/10000004", chunk).refusal->status, 400);
    EXPECT_EQ(begin(range_of(0, chunk - 1), chunk, "text/plain").refusal->status, 400);
    EXPECT_EQ(put(0, chunk - 1).status, 206);
}

TEST_F(Upload, KnowsItsUrlsAndTheirEnd) {
    const std::string good = query;
    query += "x";
    EXPECT_EQ(put(0, chunk - 1).status, 404);
    query = "upload_id=1&upload_token=2";
    EXPECT_EQ(put(0, chunk - 1).status, 404);
    query = good;
    pass(milliseconds{3'600'000});
    EXPECT_EQ(put(0, chunk - 1).status, 403);
}

TEST_F(Upload, TheFasterOfTwoEqualChunksWins) {
    upload_start slow = begin(range_of(0, chunk - 1), chunk);
    EXPECT_EQ(put(0, chunk - 1).status, 206);
    slow.chunk->take(std::string_view(bytes).substr(0, chunk));
    EXPECT_EQ(finish_upload(w, *slow.chunk).status, 416);
    EXPECT_EQ(put(chunk, size - 1).status, 201);
    EXPECT_EQ(w.posts.find(id)->sha256, to_hex(sha256(bytes)));
}

TEST_F(Upload, AChunkCutShortNeverWas) {
    upload_start cut = begin(range_of(0, chunk - 1), chunk);
    cut.chunk->take(std::string_view(bytes).substr(0, 1'000));
    abandon_upload(w, *cut.chunk);
    EXPECT_EQ(w.posts.find(id)->uploaded_bytes, 0);
    EXPECT_EQ(put(0, chunk - 1).status, 206);
}

TEST_F(Upload, AChunkCutShortStaysWhenAskedTo) {
    w.config.choice.partial_chunk = "kept";
    upload_start cut = begin(range_of(0, chunk - 1), chunk);
    cut.chunk->take(std::string_view(bytes).substr(0, 1'000));
    abandon_upload(w, *cut.chunk);
    EXPECT_EQ(w.posts.find(id)->uploaded_bytes, 1'000);
    EXPECT_EQ(put(0, chunk - 1).status, 416);
    EXPECT_EQ(put(1'000, chunk - 1).status, 206);
    EXPECT_EQ(put(chunk, size - 1).status, 201);
    EXPECT_EQ(w.posts.find(id)->sha256, to_hex(sha256(bytes)));
}

} // namespace gateway::simulator::testing
