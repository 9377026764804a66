#include "http/multipart.hpp"

#include <gtest/gtest.h>

#include <vector>

using namespace gateway;
using http::multipart_upload;

namespace {

const std::string input_head =
    "Content-Disposition: form-data; name=\"input\"\r\nContent-Type: application/json\r\n\r\n";
const std::string file_head =
    "content-disposition: form-data; name=\"file_to_upload\"; filename=\"my film.mp4\"\r\n"
    "Content-Type: video/mp4\r\n\r\n";

std::string form(const std::vector<std::string>& parts, std::string_view end = "--\r\n") {
    std::string out;
    for (const auto& part : parts)
        out += "--b1\r\n" + part + "\r\n";
    return out + "--b1" + std::string(end);
}

struct outcome {
    std::string file;
    std::string verdict;
    std::string announced_input;
    std::uint64_t size_bytes = 0;
};

outcome read(std::string_view bytes, std::size_t piece_bytes, std::uint64_t content_length) {
    multipart_upload upload{"b1", content_length};
    outcome out;
    bool announced = false;
    for (std::size_t at = 0; at < bytes.size();) {
        const auto piece = upload.next(bytes.substr(at, piece_bytes));
        if (piece.has_error()) {
            out.verdict = facts(piece.error().code()).name;
            return out;
        }
        at += piece->used;
        out.file.append(piece->data);
        if (upload.file_announced() && !announced) {
            announced = true;
            EXPECT_EQ(piece->data, "") << "the caller may look before the first byte";
            out.announced_input = upload.input();
            out.size_bytes = upload.file_size_bytes();
        }
    }
    out.verdict = upload.complete() ? "complete" : "more";
    return out;
}
outcome read(std::string_view bytes, std::size_t piece_bytes = 1 << 20) {
    return read(bytes, piece_bytes, bytes.size());
}

} // namespace

TEST(Multipart, KnowsTheFilesSizeBeforeItsBytes) {
    const std::string file = std::string(
                                 "\0\0\0\x18"
                                 "ftyp",
                                 8)
                             + "\r\n--b\r\n--b0\r\r\n-" + std::string(300, 'x') + "\r\n";
    const std::string body = form({input_head + "{\"caption\":\"a\\r\\n--b1\"}", file_head + file});
    for (const std::size_t piece_bytes : {1U, 3U, 64U, 1U << 20}) {
        const auto out = read(body, piece_bytes);
        EXPECT_EQ(out.verdict, "complete");
        EXPECT_EQ(out.announced_input, "{\"caption\":\"a\\r\\n--b1\"}");
        EXPECT_EQ(out.size_bytes, file.size());
        EXPECT_EQ(out.file, file);
    }
}

TEST(Multipart, TakesAFileAloneAndAnEmptyOne) {
    EXPECT_EQ(read(form({file_head + "abc"})).file, "abc");
    EXPECT_EQ(read(form({file_head})).verdict, "complete");
    multipart_upload upload{"b1", form({file_head}).size()};
    ASSERT_TRUE(upload.next(form({file_head})).has_value());
    EXPECT_EQ(upload.file_name(), "my film.mp4");
    EXPECT_EQ(upload.file_type(), "video/mp4");
}

TEST(Multipart, TakesABodyWithoutLastLineBreakWhenThePartTellsItsLength) {
    const std::string head = "Content-Length: 3\r\n" + file_head;
    EXPECT_EQ(read(form({head + "abc"}, "--")).file, "abc");
    EXPECT_EQ(read(form({head + "abc"}, "--\r\n")).file, "abc");
    EXPECT_EQ(read(form({head + "abcd"}, "--\r\n")).verdict, "malformed_request");
    EXPECT_EQ(read(form({file_head + "abc"}, "--")).verdict, "malformed_request");
}

TEST(Multipart, M06FindsAWrongSizeBeforeTheLastBytesLeave) {
    const std::string good = form({file_head + std::string(500, 'x')});
    for (const int wrong_by : {-3, 3}) {
        std::string body = good;
        if (wrong_by > 0) body += "abc";
        const auto out = read(body, 10, good.size() + static_cast<std::size_t>(wrong_by));
        EXPECT_EQ(out.verdict, "malformed_request");
        EXPECT_LT(out.file.size(), 500U);
    }
    EXPECT_EQ(read(good.substr(0, good.size() - 1), 10, good.size()).verdict, "more");
    EXPECT_EQ(read(good + "x", 10, good.size()).verdict, "malformed_request");
}

TEST(Multipart, RefusesPartsOutOfOrder) {
    EXPECT_EQ(read(form({file_head + std::string(200, 'x'), input_head + "{}"}), 7).verdict,
              "malformed_request");
    EXPECT_EQ(read(form({input_head + "{}", input_head + "{}"})).verdict, "invalid_input");
    EXPECT_EQ(read(form({"Content-Disposition: form-data; name=\"caption\"\r\n\r\nx"})).verdict,
              "invalid_input");
    EXPECT_EQ(read(form({input_head + "{}"})).verdict, "malformed_request");
}

TEST(Multipart, RefusesWhatIsNoForm) {
    for (const std::string& head :
         {std::string("\r\n"), std::string("Content-Type: a/b\r\n\r\n"),
          std::string("Content-Disposition: attachment; name=\"input\"\r\n\r\n"),
          std::string("Content-Disposition: form-data\r\n\r\n"),
          std::string("Content-Disposition: form-data; name=\"input\r\n\r\n"),
          std::string("Content-Disposition: form-data; name=\"input\"; name=\"x\"\r\n\r\n"),
          std::string("nonsense\r\n\r\n"), "Content-Transfer-Encoding: base64\r\n" + file_head,
          std::string(3000, 'a') + ": b\r\n\r\n"})
        EXPECT_EQ(read(form({head + "x"})).verdict, "malformed_request") << head.substr(0, 80);
    EXPECT_EQ(read("preamble\r\n" + form({file_head + "x"})).verdict, "malformed_request");
    EXPECT_EQ(read("--b2\r\n" + file_head).verdict, "malformed_request");
}

TEST(Multipart, RefusesAnInputAbove64Kibibytes) {
    EXPECT_EQ(read(form({input_head + std::string(64 * 1024, ' '), file_head + "x"})).verdict, "complete");
    EXPECT_EQ(read(form({input_head + std::string(64 * 1024 + 1, ' '), file_head + "x"})).verdict,
              "too_large");
    EXPECT_EQ(read(form({input_head + std::string(70 * 1024, ' '), file_head + "x"})).verdict, "too_large");
}
