#include "tiktok/media_sniff.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace gateway::tiktok {
namespace {

using std::string_literals::operator""s;

std::string type_of(std::string_view bytes) {
    return std::string(sniff_video(bytes).content_type);
}

/// A file's first box; `brands` are the major brand and the compatible ones.
std::string file_of(const std::vector<std::string>& brands) {
    std::string box = "ftyp" + brands.front() + "\0\0\2\0"s;
    for (std::size_t i = 1; i < brands.size(); ++i)
        box += brands[i];
    const auto size = box.size() + 4;
    return std::string{'\0', '\0', static_cast<char>(size >> 8), static_cast<char>(size & 255)} + box
           + "\0\0\0\x08mdat"s;
}

TEST(MediaSniff, KnowsTheThreeContainers) {
    EXPECT_EQ(type_of("\0\0\0\x20"
                      "ftypisom\0\0\2\0"s),
              "video/mp4");
    EXPECT_EQ(type_of("\0\0\0\x18"
                      "ftypmp42\0\0\0\0"s),
              "video/mp4");
    EXPECT_EQ(type_of("\0\0\0\x14"
                      "ftypqt  \0\0\2\0"s),
              "video/quicktime");
    EXPECT_EQ(type_of("\0\0\0\x08"
                      "wide\0\0\0\0mdat"s),
              "video/quicktime");
    EXPECT_EQ(type_of("\x1A\x45\xDF\xA3\x9F\x42\x86\x81\x01\x42\x82\x84webm\x42\x87\x81\x04"s), "video/webm");
}

TEST(MediaSniff, S08RefusesWhatOnlyCallsItselfAVideo) {
    for (const std::string& bytes :
         {""s, "GIF89a"s, "\xFF\xD8\xFF\xE0 a photo"s,
          "\0\0\0\x04"
          "ftypisom"s,
          "<html></html>   "s, "\x1A\x45\xDF\xA3\x9F\x42\x82\x88matroska"s, "\x1A\x45\xDF\xA3"s,
          "\0\0\0\x20"
          "ftyp"s,
          "RIFF\0\0\0\0AVI LIST"s})
        EXPECT_EQ(type_of(bytes), "") << bytes;
}

struct kind_of_file {
    const char* who;
    std::vector<std::string> brands; // major, then compatible
    const char* type;
    const char* found = "";
};

TEST(MediaSniff, FaultBBrandsTellVideosFromPicturesAndSound) {
    const char* const mp4 = "video/mp4";
    const char* const mov = "video/quicktime";
    const char* const picture = "a picture";
    const char* const sound = "sound without a video";
    const kind_of_file table[] = {
        {"ffmpeg", {"isom", "isom", "iso2", "avc1", "mp41"}, mp4},
        {"ffmpeg, fragments", {"iso5", "iso5", "iso6", "mp41"}, mp4},
        {"ffmpeg, mov", {"qt  ", "qt  "}, mov},
        {"iPhone", {"qt  ", "qt  "}, mov},
        {"Android", {"mp42", "isom", "mp42"}, mp4},
        {"a phone that lists sound too", {"mp42", "mp42", "M4A ", "isom"}, mp4},
        {"a camera that lists a cover picture", {"mp42", "isom", "mp42", "mif1", "heic"}, mp4},
        {"HandBrake", {"M4V ", "M4V ", "M4A ", "mp42", "isom"}, mp4},
        {"iTunes film", {"M4V ", "M4V ", "mp42", "isom"}, mp4},
        {"3GPP", {"3gp4", "isom", "3gp4"}, mp4},
        {"3GPP2", {"3g2a", "3g2a"}, mp4},
        {"Flash", {"f4v ", "isom", "mp42", "m4v "}, mp4},
        {"Sony", {"XAVC", "XAVC", "mp42", "iso2", "nras"}, mp4},
        {"Sony PSP", {"MSNV", "MSNV", "mp42", "isom"}, mp4},
        {"Sony Mobile QuickTime", {"mqt ", "qt  "}, mov},
        {"DASH", {"dash", "iso6", "mp41"}, mp4},
        {"AV1", {"iso6", "iso6", "av01", "mp41"}, mp4},
        {"HEVC", {"isom", "hvc1", "mp41"}, mp4},
        {"a camera we do not know", {"ZZZZ", "ZZZZ"}, mp4},
        {"a camera we do not know that is like QuickTime", {"ZZZZ", "qt  "}, mov},
        {"only structure", {"isom", "isom", "iso2"}, mp4},
        {"only a major brand", {"mp42"}, mp4},
        {"iPhone picture", {"heic", "mif1", "MiHB", "miaf", "heic"}, "", picture},
        {"10 bits", {"heix", "mif1", "heix"}, "", picture},
        {"HEIF by any codec", {"mif1", "mif1", "heic"}, "", picture},
        {"HEIF that lists structure", {"mif1", "iso8", "isom", "heic"}, "", picture},
        {"HEIF that lists a video brand", {"heic", "mif1", "mp42", "heic"}, "", picture},
        {"a sequence", {"msf1", "msf1", "hevc", "iso8"}, "", picture},
        {"a sequence by its codec", {"hevc", "msf1", "iso8"}, "", picture},
        {"AVIF", {"avif", "avif", "mif1", "miaf", "MA1B"}, "", picture},
        {"AVIF that moves", {"avis", "avif", "avis", "msf1", "iso8", "mif1", "miaf"}, "", picture},
        {"a picture with a major brand we do not know", {"ZZZZ", "iso8", "mif1", "miaf"}, "", picture},
        {"a picture under structure", {"iso8", "mif1", "heic"}, "", picture},
        {"iTunes song", {"M4A ", "M4A ", "mp42", "isom"}, "", sound},
        {"ffmpeg song", {"M4A ", "isom", "iso2"}, "", sound},
        {"an audio book", {"M4B ", "M4A ", "mp42", "isom"}, "", sound},
        {"a bought song", {"M4P ", "M4A ", "mp42"}, "", sound},
        {"Flash sound", {"F4A ", "isom"}, "", sound},
        {"sound under structure", {"isom", "isom", "M4A "}, "", sound},
        {"Canon raw", {"crx ", "crx ", "isom"}, "", "a camera's raw picture"},
    };
    for (const auto& each : table) {
        const auto got = sniff_video(file_of(each.brands));
        EXPECT_EQ(got.content_type, each.type) << each.who;
        EXPECT_EQ(got.found, each.found) << each.who;
    }
}

TEST(MediaSniff, FaultBBrandsAreReadAsFarAsTheirBoxAndTheBytesGo) {
    EXPECT_EQ(type_of(file_of({"ZZZZ"}) + "heic"), "video/mp4") << "behind the box";
    auto cut = file_of({"ZZZZ", "mif1", "heic"});
    EXPECT_EQ(sniff_video(std::string_view(cut).substr(0, 18)).content_type, "video/mp4") << "half a brand";
    EXPECT_EQ(sniff_video(std::string_view(cut).substr(0, 20)).found, "a picture");
    std::vector<std::string> many{"ZZZZ"};
    for (int i = 0; i < 500; ++i)
        many.emplace_back("ZZZ0");
    many.emplace_back("avif");
    EXPECT_LT(file_of(many).size(), sniff_bytes);
    EXPECT_EQ(sniff_video(file_of(many)).found, "a picture");
}

TEST(MediaSniff, FaultBFilesWithoutBrandsAreQuickTimeAsBefore) {
    for (const char* first : {"moov", "mdat", "wide", "free", "skip", "pnot"}) {
        EXPECT_EQ(type_of("\0\0\0\x10"s + first + "mif1heic"s), "video/quicktime") << first;
        EXPECT_EQ(type_of("\0\0\0\1"s + first + "\0\0\0\0\0\1\0\0"s), "video/quicktime") << first;
        EXPECT_EQ(type_of("\0\0\0\7"s + first + "mif1heic"s), "") << first;
    }
}

} // namespace
} // namespace gateway::tiktok
