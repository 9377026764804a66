// Every byte at every position that a caller controls: what RFC 9110 and 9112 allow there is accepted,
// everything else is refused. The sets are written here independently of the code's tables.
#include "http/body_framing.hpp"
#include "http/strict_gate.hpp"

#include <gtest/gtest.h>

#include <bitset>
#include <string>
#include <vector>

using namespace gateway;

namespace {

using byte_set = std::bitset<256>;

byte_set of(std::string_view bytes) {
    byte_set out;
    for (const char c : bytes)
        out.set(static_cast<unsigned char>(c));
    return out;
}
byte_set range(unsigned first, unsigned last) {
    byte_set out;
    for (unsigned c = first; c <= last; ++c)
        out.set(c);
    return out;
}

const byte_set blanks = of(" \t");
const byte_set digits = range('0', '9');
const byte_set letters = range('a', 'z') | range('A', 'Z');
const byte_set token = digits | letters | of("!#$%&'*+-.^_`|~");
const byte_set hexadecimal = digits | range('a', 'f') | range('A', 'F');
const byte_set field_value = blanks | range(0x21, 0x7e) | range(0x80, 0xff);
const byte_set path =
    digits | letters | of("-._~!$&'()*+,;=:@/"); // without % and ?, which start an escape and the query
const byte_set nothing;

struct place {
    std::string before, after; // around the byte
    byte_set legal;
    const char* refused_as = "malformed_request";
    const char* fault_of_any_field = "malformed_request";
};

std::string verdict_of_head(const std::string& block) {
    const auto head = http::validate_head(block);
    return head ? "taken" : std::string(facts(head.error().code()).name);
}

/// Accepted even if incomplete, because a changed size may leave the body unfinished.
std::string verdict_of_body(const std::string& bytes) {
    http::body_framing body{{http::framing::chunked, 0}, UINT64_MAX};
    for (std::size_t used = 0; used < bytes.size() && !body.complete();) {
        const auto piece = body.next(std::string_view{bytes}.substr(used));
        if (!piece) return std::string(facts(piece.error().code()).name);
        used += piece->used;
    }
    return "taken";
}

template <class Verdict>
void expect_table(const std::vector<place>& places, Verdict verdict) {
    for (const auto& at : places)
        for (unsigned byte = 0; byte < 256; ++byte) {
            const std::string text = at.before + static_cast<char>(byte) + at.after;
            // A byte that is not allowed in any field is the first fault.
            const char* const refusal = field_value.test(byte) ? at.refused_as : at.fault_of_any_field;
            EXPECT_EQ(verdict(text), at.legal.test(byte) ? "taken" : refusal)
                << testing::PrintToString(at.before) << " 0x" << std::hex << byte << " "
                << testing::PrintToString(at.after);
        }
}

const std::string line = "POST /v1/files HTTP/1.1\r\n";
const std::string host = "Host: a\r\n";
const std::string end = "\r\n\r\n";

/// At the front, inside and at the end of a value that the gate does not check itself.
void add_free_value(std::vector<place>& places, const std::string& name) {
    for (const auto& [front, back] : {std::pair{"", "vw"}, std::pair{"v", "w"}, std::pair{"vw", ""}})
        places.push_back({line + host + name + ":" + front, back + end, field_value});
}

} // namespace

TEST(LegalBytes, FaultFAnyValueMayHoldWhatTheGrammarOfValuesAllows) {
    std::vector<place> places;
    for (const char* name : {"X-Other", "User-Agent", "Accept", "Authorization", "X-Api-Key", "Content-Type",
                             "Content-Digest", "Idempotency-Key", "X-Request-Id", "X-Request-Timeout",
                             "Traceparent", "TikTok-Signature", "Cookie", "Forwarded"})
        add_free_value(places, name);
    expect_table(places, verdict_of_head);
}

TEST(LegalBytes, FaultFFieldsWithAGrammarTakeBlanksAndTabsAroundTheirWords) {
    const std::string fields = line + host;
    const byte_set host_byte = digits | letters | of("-._");
    const std::vector<place> places{
        {line + "Host:", "a" + end, blanks | host_byte},
        {line + "Host:a", end, blanks | host_byte | of(":")}, // an empty port
        {line + "Host:a", "b" + end, host_byte},
        {line + "Host:a:1", end, blanks | digits},
        {fields + "Content-Length:", "5" + end, blanks | digits},
        {fields + "Content-Length:5", end, blanks | digits},
        {fields + "Content-Length:5", "5" + end, digits},
        {fields + "Transfer-Encoding:", "chunked" + end, blanks},
        {fields + "Transfer-Encoding:chunked", end, blanks},
        {fields + "Transfer-Encoding:chun", "ked" + end, nothing},
        {fields + "Connection:", "close" + end, blanks | token | of(",")},
        {fields + "Connection:close", end, blanks | token | of(",")},
        {fields + "Connection:a,", "close" + end, blanks | token | of(",")},
        {fields + "Connection:clo", "se" + end, token | of(",")},
        {fields + "Content-Encoding:", end, blanks | of(","), "unsupported_media_type"},
        {fields + "Content-Encoding:identity", end, blanks | of(","), "unsupported_media_type"},
        {fields + "Content-Encoding:,", "identity" + end, blanks | of(","), "unsupported_media_type"},
        {fields + "Expect:", end, blanks, "expectation_failed"},
        {fields + "Expect:", "100-continue" + end, blanks, "expectation_failed"},
        {fields + "Expect:100-continue", end, blanks, "expectation_failed"},
    };
    expect_table(places, verdict_of_head);
}

TEST(LegalBytes, FaultFNamesAndRequestLinesTakeTheirOwnBytesAndNoOther) {
    const std::vector<place> places{
        {line + host, "Name: v" + end, token},
        {line + host + "Na", "me: v" + end, token | of(":")}, // ends the name earlier
        {line + host + "Name", ": v" + end, token | of(":")},
        {line + host + "Name:v\r\n", "Other:w" + end, token},
        {"POST /v1/fi", "les HTTP/1.1\r\n" + host + "\r\n", path | of("?")},
        {"POST /v1/files?a", "b HTTP/1.1\r\n" + host + "\r\n", path | of("?[]")},
        {"POST /v1/files HTTP/1.1", "\r\n" + host + "\r\n", nothing},
        {"POST", " /v1/files HTTP/1.1\r\n" + host + "\r\n", nothing},
        {"POST ", "/v1/files HTTP/1.1\r\n" + host + "\r\n", of("/")}, // two slashes make a path
    };
    expect_table(places, [](const std::string& block) {
        // Another letter makes an unknown method, and a digit an unknown version; only the refusal counts
        // here.
        const auto verdict = verdict_of_head(block);
        return verdict == "not_implemented" || verdict == "http_version" ? "malformed_request" : verdict;
    });
}

TEST(LegalBytes, FaultFChunkLinesTakeBlanksWhereExtensionsMayHaveThem) {
    const std::string rest = "\r\nx\r\n0\r\n\r\n";
    const std::vector<place> places{
        {"", "1" + rest, hexadecimal},
        {"1", rest, hexadecimal}, // a blank here is not part of an extension, and a semicolon needs a name
        {"1", ";a" + rest, blanks | hexadecimal},
        {"1;", "a" + rest, blanks | token},
        {"1;", rest, token},
        {"1;a", rest, token},
        {"1;a", "=b" + rest, blanks | token},
        {"1;a=", "b" + rest, blanks | token},
        {"1;a=", rest, token},
        {"1;a=b", rest, token},
        {"1;a=b", ";c" + rest, blanks | token},
        {"1;a ", "b" + rest, of("=;")}, // and blanks lead to one of these
        {"1;a=b ", "c" + rest, of(";")},
        {"1;a=\"b", "c\"" + rest, field_value & ~of("\"")},
        {"1;a=\"b\\", "\"" + rest, field_value},
        {"1;a=\"b\"", rest, nothing},
        {"1;a=\"b\"", ";c" + rest, blanks},
        {"1\r\nx", "0\r\n\r\n", nothing},
        {"1\r\nx\r\n0", "0\r\n\r\n", hexadecimal | of(";")}, // a name may be a digit
    };
    expect_table(places, verdict_of_body);
}

TEST(LegalBytes, FaultFTrailersTakeWhatFieldsTake) {
    const std::string start = "1\r\nx\r\n0\r\n";
    const std::vector<place> places{
        {start + "A:", "b" + end, field_value},      {start + "A:b", "c" + end, field_value},
        {start + "A:b", end, field_value},           {start, "A:b" + end, token},
        {start + "A", "B:c" + end, token | of(":")},
    };
    expect_table(places, verdict_of_body);
}

TEST(LegalBytes, FaultFWhatTikTokSendsIsReadAsWidely) {
    std::vector<place> places;
    for (const char* name : {"X-Other", "Content-Type", "X-Tt-Logid", "Set-Cookie"})
        for (const auto& [front, back] : {std::pair{"", "vw"}, std::pair{"v", "w"}, std::pair{"vw", ""}})
            places.push_back(
                {std::string("HTTP/1.1 204 No Content\r\n") + name + ":" + front, back + end, field_value});
    const std::string with_body = "HTTP/1.1 200 OK\r\n";
    places.push_back({with_body + "Content-Length:", "5" + end, blanks | digits});
    places.push_back({with_body + "Content-Length:5", end, blanks | digits});
    places.push_back({with_body + "Transfer-Encoding:", "chunked" + end, blanks});
    places.push_back({with_body + "Transfer-Encoding:chunked", end, blanks});
    for (auto& at : places)
        at.refused_as = at.fault_of_any_field = "tiktok_error";
    expect_table(places, [](const std::string& block) {
        const auto head = http::validate_response_head(block);
        return head ? std::string("taken") : std::string(facts(head.error().code()).name);
    });
}
