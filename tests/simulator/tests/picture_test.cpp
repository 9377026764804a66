// Pictures are checked by their size in pixels, which is read from their head.
#include "pictures.hpp"
#include "posting.hpp"
#include "rules/media_type.hpp"
#include "rules/picture_size.hpp"

namespace gateway::simulator::testing {

namespace {

/// "WxH" of a file that arrives in pieces of `piece` bytes; "" if its head does not contain it.
std::string size_of(const std::string& file, std::size_t piece = 1'000) {
    picture_head head;
    for (std::size_t at = 0; at < file.size(); at += piece)
        head.take(std::string_view(file).substr(at, piece));
    if (!head.size()) return "";
    return std::to_string(head.size()->width) + "x" + std::to_string(head.size()->height);
}

class Pictures : public Posting {
protected:
    /// The result of a photo post with these files: PUBLISH_COMPLETE, or the fail_reason.
    std::string outcome(const std::vector<std::string>& files, std::int64_t size_bytes = 5'000) {
        std::string urls;
        for (std::size_t i = 0; i < files.size(); ++i)
            urls += (i == 0 ? "\"" : ",\"") + url(i) + "\"";
        const std::string id =
            id_of(ask("content/init/", R"({"media_type":"PHOTO","post_mode":"DIRECT_POST",)"
                                       R"("post_info":{"privacy_level":"SELF_ONLY"},"source_info":)"
                                       R"({"source":"PULL_FROM_URL","photo_cover_index":0,"photo_images":[)"
                                           + urls + "]}}"));
        for (std::size_t i = 0; i < files.size(); ++i) {
            picture_head head;
            head.take(files[i]);
            pulled_record item;
            item.url = url(i);
            item.size_bytes = size_bytes;
            item.pixels = head.size();
            note_pulled(w, id, std::move(item), files[i].substr(0, sniffed_bytes));
        }
        pass(milliseconds{1'000});
        const post& one = *w.posts.find(id);
        pulled_ = one.pulled.size();
        return one.status == post_status::failed ? one.fail_reason : std::string(name_of(one.status));
    }
    static std::string url(std::size_t i) {
        return "https://media.example.test/" + std::to_string(i) + ".jpg";
    }
    std::size_t pulled_ = 0;
};

} // namespace

TEST(PictureSize, FaultVIsReadFromEveryKindOfHeadInPiecesOfAnySize) {
    const std::string picture_inside = jpeg(160, 90); // a thumbnail in the metadata must be ignored
    const std::string metadata = jpeg_segment(0xE1, "Exif" + picture_inside)
                                 + jpeg_segment(0xE2, std::string(65'533, 'm')) + jpeg_segment(0xDB, "tables")
                                 + jpeg_segment(0xC4, "codes") + jpeg_segment(0xFE, "");
    const struct {
        std::string name, file, size;
    } rows[] = {
        {"baseline", jpeg(1'080, 1'920), "1080x1920"},
        {"extended", jpeg(7, 8, 0xC1), "7x8"},
        {"progressive", jpeg(65'535, 1, 0xC2), "65535x1"},
        {"lossless", jpeg(3, 4, 0xC3), "3x4"},
        {"the last of the frame headers", jpeg(3, 4, 0xCF), "3x4"},
        {"behind metadata", jpeg(4'000, 3'000, 0xC0, metadata), "4000x3000"},
        {"behind filling", jpeg(5, 6, 0xC0, "\xFF\xFF\xFF" + jpeg_segment(0xE0, "x")), "5x6"},
        {"no frame header", "\xFF\xD8" + jpeg_segment(0xE0, "x") + jpeg_segment(0xDA, "scan"), ""},
        {"ends before", jpeg(10, 10).substr(0, 16), ""},
        {"no height yet", jpeg(10, 0), ""},
        {"a segment shorter than itself", "\xFF\xD8\xFF\xE0" + std::string(40, '\0'), ""},
        {"no markers", "\xFF\xD8\xFF\xE0" + bytes_of(4, 2, true) + "xx" + jpeg(3, 4).substr(2), "3x4"},
        {"something between segments", "\xFF\xD8" + jpeg_segment(0xE0, "x") + "y" + jpeg(3, 4), ""},
        {"lossy webp", webp_lossy(16'383, 1), "16383x1"},
        {"lossy webp, not a key frame", webp("VP8 ", std::string(30, '\x11')), ""},
        {"lossless webp", webp_lossless(1'081, 16'384), "1081x16384"},
        {"lossless webp without its mark", webp("VP8L", std::string(30, '\x11')), ""},
        {"extended webp", webp_extended(16'777'216, 1'080), "16777216x1080"},
        {"webp of another chunk", webp("ICCP", std::string(30, '\x11')), ""},
        {"short webp", webp_extended(1, 1).substr(0, 29), ""},
        {"png", "\x89PNG\r\n\x1A\n" + std::string(40, '\x11'), ""},
        {"nothing", "", ""},
    };
    for (const auto& row : rows) {
        for (const std::size_t piece : {1U, 2U, 3U, 7U, 31U, 4'096U, 1'000'000U})
            EXPECT_EQ(size_of(row.file, piece), row.size) << row.name << " in pieces of " << piece;
    }
}

TEST_F(Pictures, FaultVTheShorterSideMayHave1080PixelsAndNoMore) {
    const auto of = [](std::int64_t width, std::int64_t height) {
        return std::vector<std::string>{jpeg(width, height), jpeg(width, height, 0xC2),
                                        webp_lossy(width, height), webp_lossless(width, height),
                                        webp_extended(width, height)};
    };
    const struct {
        std::int64_t width, height;
        const char* outcome;
    } rows[] = {
        {1, 1, "PUBLISH_COMPLETE"},
        {1'080, 1'080, "PUBLISH_COMPLETE"},
        {1'080, 16'000, "PUBLISH_COMPLETE"},
        {16'000, 1'080, "PUBLISH_COMPLETE"},
        {1'081, 1'081, "picture_size_check_failed"},
        {1'081, 16'000, "picture_size_check_failed"},
        {16'000, 1'081, "picture_size_check_failed"},
    };
    w.config.limits.init_per_minute = w.config.limits.posts_per_day = 1'000;
    for (const auto& row : rows) {
        for (const std::string& file : of(row.width, row.height))
            EXPECT_EQ(outcome({file}), row.outcome)
                << row.width << "x" << row.height << " " << file.substr(0, 16);
    }
}

TEST_F(Pictures, FaultVOneBadPictureFailsTheWholePost) {
    w.config.limits.init_per_minute = 1'000;
    const std::string good = jpeg(1'080, 1'920), big = webp_extended(1'081, 1'920);
    const std::string png = "\x89PNG\r\n\x1A\n" + std::string(40, '\x11');
    EXPECT_EQ(outcome({good, good, good}), "PUBLISH_COMPLETE");
    EXPECT_EQ(outcome({big, good, good}), "picture_size_check_failed");
    EXPECT_EQ(pulled_, 0U) << "nothing more is pulled";
    EXPECT_EQ(outcome({good, good, big}), "picture_size_check_failed");
    EXPECT_EQ(outcome({good, png, good}), "file_format_check_failed");
    EXPECT_EQ(pulled_, 1U);
    EXPECT_EQ(outcome({good}, 20 * 1'024 * 1'024 + 1), "picture_size_check_failed") << "20 MiB at most";
    EXPECT_EQ(events().back(), "post.publish.failed");
}

TEST_F(Pictures, FaultVAPictureThatDoesNotTellItsSizeIsTakenUnlessTheSwitchSaysNo) {
    const std::string vague = "\xFF\xD8\xFF\xE0" + std::string(40, '\0');
    EXPECT_EQ(outcome({vague}), "PUBLISH_COMPLETE");
    w.config.choice.picture_without_size = "refuse";
    EXPECT_EQ(outcome({vague}), "file_format_check_failed");
    EXPECT_EQ(outcome({jpeg(10, 10)}), "PUBLISH_COMPLETE");
}

} // namespace gateway::simulator::testing
