#include "tiktok/media_sniff.hpp"

#include <gtest/gtest.h>

#include <string>

namespace gateway::tiktok {
namespace {

using std::string_literals::operator""s;

TEST(MediaSniff, KnowsTheThreeContainers) {
    EXPECT_EQ(sniff_video("\0\0\0\x20"
                          "ftypisom\0\0\2\0"s),
              "video/mp4");
    EXPECT_EQ(sniff_video("\0\0\0\x18"
                          "ftypmp42\0\0\0\0"s),
              "video/mp4");
    EXPECT_EQ(sniff_video("\0\0\0\x14"
                          "ftypqt  \0\0\2\0"s),
              "video/quicktime");
    EXPECT_EQ(sniff_video("\0\0\0\x08"
                          "wide\0\0\0\0mdat"s),
              "video/quicktime");
    EXPECT_EQ(sniff_video("\x1A\x45\xDF\xA3\x9F\x42\x86\x81\x01\x42\x82\x84webm\x42\x87\x81\x04"s),
              "video/webm");
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
        EXPECT_EQ(sniff_video(bytes), "") << bytes;
}

} // namespace
} // namespace gateway::tiktok
