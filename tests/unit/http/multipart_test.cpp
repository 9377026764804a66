#include "http/multipart.hpp"

#include <gtest/gtest.h>

#include <random>
#include <vector>

using namespace gateway;
using http::multipart_form;

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
    std::string verdict; // "complete", or the failure's name and fields
    std::string file;
    std::string input;
    bool operator==(const outcome&) const = default;
};
void PrintTo(const outcome& each, std::ostream* out) {
    *out << each.verdict << ", input " << each.input.substr(0, 60) << ", file of " << each.file.size();
}

std::string told(const failure& why) {
    std::string out(facts(why.code()).name);
    if (why.details())
        for (const auto& fault : why.details()->fields)
            out += ' ' + fault.field;
    return out;
}

/// `next_cut(bytes left)`: the size of the next piece.
template <class Cut>
outcome read_cut(std::string_view bytes, Cut next_cut, bool input_may_follow) {
    multipart_form upload{"b1", input_may_follow};
    outcome out;
    while (!bytes.empty()) {
        auto now = bytes.substr(0, next_cut(bytes.size()));
        bytes.remove_prefix(now.size());
        while (!now.empty()) {
            const bool announced = upload.file_announced();
            const auto piece = upload.next(now);
            if (piece.has_error()) return {told(piece.error()), {}, {}};
            const bool got_on = piece->used > 0 || !piece->data.empty();
            EXPECT_TRUE(got_on) << "bytes are looked at for ever";
            if (!got_on) return out;
            if (upload.file_announced() && !announced) {
                EXPECT_EQ(piece->data, "") << "the caller may look before the first byte";
            }
            out.file.append(piece->data);
            now.remove_prefix(piece->used);
        }
    }
    const auto ended = upload.end();
    if (ended.has_error()) return {told(ended.error()), {}, {}};
    out.verdict = "complete";
    out.input = upload.input();
    return out;
}
outcome read(std::string_view bytes, bool input_may_follow = true) {
    return read_cut(
        bytes, [](std::size_t left) { return left; }, input_may_follow);
}
std::string verdict(std::string_view bytes, bool input_may_follow = true) {
    return read(bytes, input_may_follow).verdict;
}

struct sample {
    const char* what;
    std::string body;
    outcome wanted;
};

const outcome abc{"complete", "abc", "{}"};

/// The forms of RFC 2046 §5.1.1 and RFC 7578.
std::vector<sample> legal_forms() {
    const std::string in = input_head + "{}", file = file_head + "abc";
    const std::string length = "Content-Length: 3\r\n";
    const std::string hard("\r\n--b\r\n--b0\r\r\n-\r\r\r\n--\r\n--b\n--b1\r\r--b1 --b1", 41);
    return {
        {"a line break at the end", form({in, file}), abc},
        {"no line break at the end", form({in, file}, "--"), abc},
        {"blanks at the end", form({in, file}, "-- \t "), abc},
        {"blanks and a line break at the end", form({in, file}, "-- \t \r\n"), abc},
        {"an empty line at the end", form({in, file}, "--\r\n\r\n"), abc},
        {"an epilogue", form({in, file}, "--\r\nthat is\r\n--b1\r\nno part\r\n--b1--"), abc},
        {"a preamble", "This is a form.\r\n\r\n--b\r\n" + form({in, file}), abc},
        {"an empty line as preamble", "\r\n" + form({in, file}), abc},
        {"a preamble that looks like a boundary", "--b\r\n-\r\n--b2-\r\r\n" + form({in, file}), abc},
        {"blanks behind a boundary",
         "--b1 \t\r\n" + in + "\r\n--b1  \r\n" + file + "\r\n--b1\t--",
         {"malformed_request", {}, {}}},
        {"blanks behind boundaries", "--b1 \t\r\n" + in + "\r\n--b1  \r\n" + file + "\r\n--b1--\t", abc},
        {"the file first", form({file, in}), abc},
        {"the file first and no line break at the end", form({file, in}, "--"), abc},
        {"a file alone", form({file}), {"complete", "abc", ""}},
        {"an empty file", form({in, file_head}), {"complete", "", "{}"}},
        {"a file whose head ends with its delimiter",
         "--b1\r\n" + in + "\r\n--b1\r\n" + file_head + "--b1--",
         {"complete", "", "{}"}},
        {"an empty input", form({input_head, file}), {"complete", "abc", ""}},
        {"a file that tells its length", form({in, length + file}), abc},
        {"a file that tells its length, no line break", form({in, length + file}, "--"), abc},
        {"a file that tells its length, and an epilogue", form({in, length + file}, "--\r\n\r\nbye"), abc},
        {"an empty file that tells its length",
         form({in, "Content-Length: 0\r\n" + file_head}),
         {"complete", "", "{}"}},
        {"content that nearly is a delimiter", form({in, file_head + hard}), {"complete", hard, "{}"}},
        {"content that ends with a line break", form({in, file_head + "a\r\n"}), {"complete", "a\r\n", "{}"}},
        {"content that begins with a line break",
         form({in, file_head + "\r\na"}),
         {"complete", "\r\na", "{}"}},
        {"content that begins with hyphens", form({in, file_head + "--a"}), {"complete", "--a", "{}"}},
        {"folded fields",
         form({in,
               "Content-Disposition: form-data;\r\n name=\"file_to_upload\";\r\n\tfilename=\"a\"\r\n"
               "Content-Type:\tvideo/mp4\r\n\r\nabc"}),
         abc},
        {"other fields", form({in, "X-Any: thing\r\nContent-Transfer-Encoding: 7bit\r\n" + file}), abc},
        {"names in any case",
         form({in, "CONTENT-DISPOSITION: Form-Data; NAME=file_to_upload; FileName=\"a;b\\\"c\"\r\n\r\nabc"}),
         abc},
        {"a name in UTF-8 and one more of RFC 5987",
         form({in,
               "Content-Disposition: form-data; name=\"file_to_upload\"; "
               "filename=\"\xc3\xa4.mp4\"; filename*=UTF-8''%c3%a4.mp4;\r\n\r\nabc"}),
         abc},
        {"64 KiB of input",
         form({input_head + std::string(64 * 1024, ' '), file}),
         {"complete", "abc", std::string(64 * 1024, ' ')}},
    };
}

std::vector<sample> wrong_forms() {
    const std::string in = input_head + "{}", file = file_head + "abc";
    const outcome malformed{"malformed_request", {}, {}};
    const auto invalid = [](const char* field) {
        return outcome{std::string("invalid_input ") + field, {}, {}};
    };
    std::vector<sample> out{
        {"nothing", "--b1", malformed},
        {"no closing delimiter", form({in, file}, ""), malformed},
        {"half a closing delimiter", form({in, file}, "-"), malformed},
        {"a closing delimiter and a half line break", form({in, file}, "--\r"), malformed},
        {"a closing delimiter that goes on", form({in, file}, "--x"), malformed},
        {"a closing delimiter and a bare line feed", form({in, file}, "--\n"), malformed},
        {"another closing delimiter", "--b1\r\n" + file + "\r\n--b2--\r\n", malformed},
        {"a boundary that goes on", "--b1\r\n" + in + "\r\n--b1x\r\n" + file + "\r\n--b1--\r\n", malformed},
        {"a delimiter without its line break", "--b1\r\n" + file + "--b1--\r\n", malformed},
        {"bare line feeds", "--b1\nContent-Disposition: form-data; name=\"input\"\n\n{}\n--b1--\n",
         malformed},
        {"a boundary of somebody else", "--b2\r\n" + file + "\r\n--b2--\r\n", malformed},
        {"a long preamble", std::string(20'000, 'p') + "\r\n" + form({in, file}), malformed},
        {"endless blanks behind a boundary", "--b1" + std::string(3000, ' ') + "\r\n" + file, malformed},
        {"endless blanks at the end", form({in, file}, "--" + std::string(3000, ' ')), malformed},
        {"no part", "--b1--\r\n", invalid("file_to_upload")},
        {"no file", form({in}), invalid("file_to_upload")},
        {"two inputs", form({in, in, file}), invalid("input")},
        {"two inputs around the file", form({in, file, in}), invalid("input")},
        {"two files", form({in, file, file}), invalid("file_to_upload")},
        {"another part before", form({"Content-Disposition: form-data; name=\"caption\"\r\n\r\nx", file}),
         invalid("caption")},
        {"another part behind", form({file, "Content-Disposition: form-data; name=\"caption\"\r\n\r\nx"}),
         invalid("caption")},
        {"an input above 64 KiB",
         form({input_head + std::string(64 * 1024 + 1, ' '), file}),
         {"too_large", {}, {}}},
        {"an input without end",
         "--b1\r\n" + input_head + std::string(70 * 1024, ' '),
         {"too_large", {}, {}}},
        {"a shorter file than told", form({in, "Content-Length: 4\r\n" + file}), malformed},
        {"a longer file than told", form({in, "Content-Length: 2\r\n" + file}), malformed},
        {"a part behind the file that was told", form({"Content-Length: 3\r\n" + file, "x: y\r\n\r\nz"}),
         malformed},
    };
    for (const std::string& head :
         {std::string("\r\n"),
          std::string("Content-Type: a/b\r\n\r\n"),
          std::string("Content-Disposition: attachment; name=\"input\"\r\n\r\n"),
          std::string("Content-Disposition: form-data\r\n\r\n"),
          std::string("Content-Disposition: form-data; filename=\"input\"\r\n\r\n"),
          std::string("Content-Disposition: form-data; name=\"input\r\n\r\n"),
          std::string("Content-Disposition: form-data; name=\"input\"x\r\n\r\n"),
          std::string("Content-Disposition: form-data; name=\"input\"; name=\"x\"\r\n\r\n"),
          std::string("Content-Disposition: form-data; name\r\n\r\n"),
          file_head.substr(0, file_head.size() - 2) + file_head,
          std::string("nonsense\r\n\r\n"),
          std::string(": a\r\n\r\n"),
          std::string("a\x01: b\r\n") + file_head,
          std::string("a: \x01\r\n") + file_head,
          "Content-Transfer-Encoding: base64\r\n" + file_head,
          "Content-Transfer-Encoding: quoted-printable\r\n" + file_head,
          "Content-Length: 1\r\nContent-Length: 1\r\n" + file_head,
          "Content-Length: -1\r\n" + file_head,
          "Content-Length: 1x\r\n" + file_head,
          " folded: to nothing\r\n" + file_head,
          std::string(3000, 'a') + ": b\r\n\r\n"})
        out.push_back({"a head that is none", form({head + "x"}), malformed});
    return out;
}

} // namespace

TEST(Multipart, FaultATakesWhatTheRfcsAllow) {
    for (const auto& each : legal_forms())
        EXPECT_EQ(read(each.body), each.wanted) << each.what;
}

TEST(Multipart, FaultARefusesWhatTheyDoNot) {
    for (const auto& each : wrong_forms())
        EXPECT_EQ(read(each.body), each.wanted) << each.what << '\n' << each.body.substr(0, 300);
}

TEST(Multipart, FaultAGivesTheSameHoweverAFormIsCut) {
    std::mt19937 dice(20261129);
    auto all = legal_forms();
    const auto wrong = wrong_forms();
    all.insert(all.end(), wrong.begin(), wrong.end());
    for (const auto& each : all) {
        const bool large = each.body.size() > 10'000;
        for (const std::size_t piece_bytes : {1U, 2U, 3U, 5U, 64U})
            EXPECT_EQ(read_cut(
                          each.body, [&](std::size_t) { return piece_bytes; }, true),
                      each.wanted)
                << each.what << " in pieces of " << piece_bytes;
        for (int round = 0; round < (large ? 5 : 200); ++round) {
            const auto cut = [&](std::size_t left) { return 1 + dice() % (dice() % 4 == 0 ? left : 8); };
            EXPECT_EQ(read_cut(each.body, cut, true), each.wanted) << each.what << ", round " << round;
        }
    }
}

TEST(Multipart, FaultAKnowsNoFormThatIsCutOffAnywhere) {
    // A form may end only after its closing delimiter, whatever follows it.
    const std::string body = form({input_head + "{}", file_head + "abc\r\n--b\r\n"});
    const auto closed = body.size() - 2;
    for (std::size_t size = 0; size < body.size(); ++size)
        EXPECT_EQ(verdict(body.substr(0, size)), size == closed ? "complete" : "malformed_request") << size;
}

TEST(Multipart, FaultAAnyBytesOfAFileComeThrough) {
    std::mt19937 dice(77);
    constexpr std::string_view telling = "\r\n-b1 x";
    for (int round = 0; round < 2000; ++round) {
        std::string file;
        for (std::size_t left = dice() % 60; left > 0; --left)
            file.push_back(telling[dice() % telling.size()]);
        if (("\r\n" + file).find("\r\n--b1") != std::string::npos)
            continue; // a client would choose another boundary
        const auto cut = [&](std::size_t) { return 1 + dice() % 9; };
        const outcome wanted{"complete", file, "{}"};
        EXPECT_EQ(read_cut(form({input_head + "{}", file_head + file}, "--"), cut, true), wanted);
        EXPECT_EQ(read_cut(form({file_head + file, input_head + "{}"}), cut, true), wanted);
    }
}

TEST(Multipart, FaultAAPartBehindALargeFileIsRefusedByItsName) {
    const std::string in = input_head + "{}", file = file_head + "abc";
    EXPECT_EQ(verdict(form({file, in}), false), "invalid_input input");
    EXPECT_EQ(verdict(form({in, file}), false), "complete");
    EXPECT_EQ(verdict(form({file}), false), "complete");
}

TEST(Multipart, TellsWhatTheFilePartSaysOfItself) {
    multipart_form upload{"b1", true};
    const auto body = form({"Content-Length: 3\r\n" + file_head + "abc"});
    ASSERT_TRUE(upload.next(body).has_value());
    EXPECT_TRUE(upload.file_announced());
    EXPECT_EQ(upload.file_name(), "my film.mp4");
    EXPECT_EQ(upload.announced_file_bytes(), 3U);
    EXPECT_EQ(upload.closing_bytes(), std::string("\r\n--b1--").size());
}
