#include "http/strict_gate.hpp"

#include "http/api_key.hpp"
#include "http/header_finder.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

using namespace gateway;
using http::framing;
using http::validate_head;

namespace {

const std::string host = "Host: gateway.example:8080\r\n";

std::string request(std::string_view line, std::string_view fields) {
    return std::string(line) + "\r\n" + host + std::string(fields) + "\r\n";
}
std::string get(std::string_view target) {
    return request("GET " + std::string(target) + " HTTP/1.1", "");
}
std::string post(std::string_view fields) {
    return request("POST /v1/files HTTP/1.1", fields);
}

/// The name of the refusal, or "accepted".
std::string verdict(std::string_view block) {
    const auto head = validate_head(block);
    return head.has_value() ? "accepted" : std::string(facts(head.error().code()).name);
}

/// "path?query" as the gate gives them; the views end with the block.
std::string place_in(const std::string& block) {
    const auto head = validate_head(block);
    return head.has_value() ? std::string(head->path) + "?" + std::string(head->query) : "refused";
}

} // namespace

TEST(StrictGate, ReadsAPlainRequest) {
    const std::string block =
        request("POST /v1/users/a%40b/photos?dry_run=true HTTP/1.1",
                "AUTHORIZATION:  Bearer key \r\nContent-Length: 12\r\nContent-Type: application/json\r\n"
                "Idempotency-Key: one\r\nExpect: 100-Continue\r\nX-Other: caf\xc3\xa9\r\n"
                "X-Request-Id: a\r\nX-Request-Id: b\r\nTikTok-Signature: t=1\r\n");
    const auto head = validate_head(block);
    ASSERT_TRUE(head.has_value()) << head.error().message();
    EXPECT_EQ(head->method, http::verb::post);
    EXPECT_EQ(head->target, "/v1/users/a%40b/photos?dry_run=true");
    EXPECT_EQ(head->path, "/v1/users/a%40b/photos");
    EXPECT_EQ(head->query, "dry_run=true");
    EXPECT_EQ(head->host, "gateway.example:8080");
    EXPECT_EQ(head->authorization, "Bearer key");
    EXPECT_EQ(head->content_type, "application/json");
    EXPECT_EQ(head->idempotency_key, "one");
    EXPECT_EQ(head->request_id, "a");
    EXPECT_EQ(head->tiktok_signature, "t=1");
    EXPECT_EQ(head->body.kind, framing::length);
    EXPECT_EQ(head->body.length_bytes, 12U);
    EXPECT_TRUE(head->expect_continue);
    EXPECT_TRUE(head->keep_alive);
    EXPECT_EQ(http::find_field(block, "x-other"), "caf\xc3\xa9");
    EXPECT_EQ(http::find_field(block, "absent"), "");
}

TEST(StrictGate, KnowsWhenAConnectionPersists) {
    EXPECT_TRUE(validate_head(get("/"))->keep_alive);
    EXPECT_FALSE(validate_head(post("Connection: close\r\n"))->keep_alive);
    EXPECT_FALSE(validate_head(post("Connection: keep-alive\r\nConnection: x , CLOSE\r\n"))->keep_alive);
    EXPECT_FALSE(validate_head(request("GET / HTTP/1.0", ""))->keep_alive);
    EXPECT_TRUE(validate_head(request("GET / HTTP/1.0", "Connection: Keep-Alive\r\n"))->keep_alive);
    EXPECT_EQ(verdict(post("Connection: a b\r\n")), "malformed_request");
}

TEST(StrictGate, C01RefusesTransferCodingAndLengthTogether) {
    for (const char* coding : {"chunked", "gzip", "identity", "xchunked",
                               "\x8b"
                               "chunked"}) {
        const std::string field = "Transfer-Encoding: " + std::string(coding) + "\r\n";
        EXPECT_EQ(verdict(post(field + "Content-Length: 5\r\n")), "malformed_request") << coding;
        EXPECT_EQ(verdict(post("Content-Length: 5\r\n" + field)), "malformed_request") << coding;
    }
}

TEST(StrictGate, C02RefusesATransferCodingOtherThanOneChunked) {
    EXPECT_EQ(validate_head(post("Transfer-Encoding: Chunked\r\n"))->body.kind, framing::chunked);
    EXPECT_EQ(verdict(post("Transfer-Encoding: gzip\r\n")), "not_implemented");
    EXPECT_EQ(verdict(post("Transfer-Encoding: gzip, chunked\r\n")), "not_implemented");
    for (const char* coding :
         {"chunked, identity", "chunked, chunked", "identity", "xchunked", "", "chunked;q=1", ",chunked",
          "chunked,", "\"chunked\"", "chunked gzip", "chunked\x0b"})
        EXPECT_EQ(verdict(post("Transfer-Encoding: " + std::string(coding) + "\r\n")), "malformed_request")
            << coding;
    EXPECT_EQ(verdict(post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n")),
              "malformed_request");
    EXPECT_EQ(verdict(post("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n")),
              "malformed_request");
    EXPECT_EQ(verdict(post("Transfer-Encoding : chunked\r\n")), "malformed_request");
}

TEST(StrictGate, C03RefusesChunkedInHttp10) {
    EXPECT_EQ(verdict(request("POST / HTTP/1.0", "Transfer-Encoding: chunked\r\n")), "malformed_request");
}

TEST(StrictGate, C04RefusesEveryOddContentLength) {
    for (const char* length : {"5, 5", "+5", "-5", "0x5", "", "5 5", "5;", "9223372036854775808",
                               "18446744073709551616", "00000000000000000005", "5.0", "five", "\"5\""})
        EXPECT_EQ(verdict(post("Content-Length: " + std::string(length) + "\r\n")), "malformed_request")
            << length;
    EXPECT_EQ(verdict(post("Content-Length: 5\r\nContent-Length: 5\r\n")), "malformed_request");
    EXPECT_EQ(validate_head(post("Content-Length: 9223372036854775807\r\n"))->body.length_bytes,
              9223372036854775807U);
}

TEST(StrictGate, C05RefusesAMissingRepeatedOrImproperHost) {
    for (const char* line : {"GET / HTTP/1.1", "GET http://a/ HTTP/1.1", "OPTIONS * HTTP/1.1"})
        EXPECT_EQ(verdict(std::string(line) + "\r\n\r\n"), "malformed_request") << line;
    EXPECT_EQ(verdict("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"), "malformed_request");
    for (const char* bad : {"", "user@a", "a/b", "a b", "a:b", "a:80:80", "a:99999", ":80", "[::1", "[zz::]",
                            "[]", "[1]:80", "a,b", "a%41", "caf\xc3\xa9", "http://a"})
        EXPECT_EQ(verdict("GET / HTTP/1.1\r\nHost: " + std::string(bad) + "\r\n\r\n"), "malformed_request")
            << bad;
    for (const char* good : {"a", "a.example", "127.0.0.1:1", "[::1]", "[::ffff:1.2.3.4]:443", "a_b:0", "a:"})
        EXPECT_EQ(verdict("GET / HTTP/1.1\r\nHost: " + std::string(good) + "\r\n\r\n"), "accepted") << good;
}

TEST(StrictGate, C06RefusesControlBytesWhereverTheyStand) {
    std::vector<char> bytes{0x7f};
    for (char c = 0; c < 0x20; ++c)
        bytes.push_back(c);
    for (const char c : bytes) {
        const std::string one(1, c);
        const auto shown = testing::PrintToString(one);
        EXPECT_EQ(verdict(post("X-Na" + one + "me: value\r\n")), "malformed_request") << shown;
        EXPECT_EQ(verdict(post("X-Name: val" + one + "ue\r\n")), c == '\t' ? "accepted" : "malformed_request")
            << shown;
        EXPECT_EQ(verdict(get("/v1/fi" + one + "les")), "malformed_request") << shown;
        EXPECT_EQ(verdict(request("GE" + one + "T / HTTP/1.1", "")), "malformed_request") << shown;
    }
}

TEST(StrictGate, C06RefusesFoldedAndMisshapenLines) {
    EXPECT_EQ(verdict(post("A: b\r\n c: d\r\n")), "malformed_request");
    EXPECT_EQ(verdict(post("A: b\r\n\tc: d\r\n")), "malformed_request");
    EXPECT_EQ(verdict(post("A : b\r\n")), "malformed_request");
    EXPECT_EQ(verdict(post(" A: b\r\n")), "malformed_request");
    EXPECT_EQ(verdict(post("A\r\n")), "malformed_request");
    EXPECT_EQ(verdict(post(": b\r\n")), "malformed_request");
    EXPECT_EQ(verdict("GET / HTTP/1.1\n" + host + "\r\n"), "malformed_request");
    EXPECT_EQ(verdict("GET / HTTP/1.1\r\nHost: a\n\r\n"), "malformed_request");
    EXPECT_EQ(verdict("GET / HTTP/1.1\r\nHost: a\rX: b\r\n\r\n"), "malformed_request");
    EXPECT_EQ(verdict("\r\n" + get("/")), "malformed_request");
    EXPECT_EQ(verdict(get("/") + "x"), "malformed_request");
    EXPECT_EQ(verdict(""), "malformed_request");
    for (const char* line :
         {"GET  / HTTP/1.1", " GET / HTTP/1.1", "GET / HTTP/1.1 ", "GET /", "GET / http/1.1",
          "GET / HTTP/1.1x", "GET / a HTTP/1.1", "GET\t/ HTTP/1.1", "GET / HTTP/11", "GET"})
        EXPECT_EQ(verdict(request(line, "")), "malformed_request") << line;
}

TEST(StrictGate, C07RefusesTargetsThatCouldBeReadInTwoWays) {
    for (const char* target : {"/a\xc3\xa9",
                               "/a<b",
                               "/a>b",
                               "/a\"b",
                               "/a{b",
                               "/a}b",
                               "/a|b",
                               "/a^b",
                               "/a`b",
                               "/a\\b",
                               "/a#b",
                               "/#",
                               "/a/../b",
                               "/..",
                               "/.",
                               "/a/.",
                               "/./a",
                               "/a/..",
                               "/%2e%2e/a",
                               "/a%2Eb",
                               "/a%2fb",
                               "/a%2Fb",
                               "/a%00b",
                               "/a%5cb",
                               "/a%0d%0ab",
                               "/a%7fb",
                               "/%",
                               "/%4",
                               "/%4g",
                               "/%zz",
                               "/a[b",
                               "/a?x=%",
                               "/a?x=%00",
                               "/a?x=%g0",
                               "a/b",
                               "?x",
                               "*",
                               "ftp://gateway.example:8080/",
                               "http:/a",
                               "http://other.example:8080/",
                               "http://gateway.example/",
                               "http://u@gateway.example:8080/"})
        EXPECT_EQ(verdict(get(target)), "malformed_request") << target;
    // An empty segment is unambiguous, and no route has one.
    EXPECT_EQ(place_in(get("//x")), "//x?");
}

TEST(StrictGate, C07HourJNamesTheEscapeOfAByteThatNeedsOne) {
    const std::pair<const char*, const char*> targets[] = {{"/v1/users/auth0|5f7c", "%7C"},
                                                           {"/v1/users/<a>", "%3C"},
                                                           {"/v1/users/caf\xc3\xa9", "%C3"},
                                                           {"/v1/users/a[0]", "%5B"},
                                                           {"/v1/users/a\tb", "%09"}};
    for (const auto& [target, escape] : targets) {
        const auto head = validate_head(get(target));
        ASSERT_FALSE(head.has_value()) << target;
        EXPECT_EQ(head.error().message(), "The request target holds a character that must be escaped as "
                                              + std::string(escape) + ".");
    }
    EXPECT_EQ(validate_head("GET /v1/users\r\n" + host + "\r\n").error().message(),
              "The request line is not METHOD TARGET HTTP/1.1.");
}

TEST(StrictGate, C07GivesRouteAndAuthorisationOnePath) {
    EXPECT_EQ(place_in(get("http://GATEWAY.example:8080/v1/users?limit=1")), "/v1/users?limit=1");
    EXPECT_EQ(place_in(get("https://gateway.example:8080")), "/?");
    EXPECT_EQ(place_in(get("https://gateway.example:8080?a=b")), "/?a=b");
    EXPECT_EQ(place_in(request("OPTIONS * HTTP/1.1", "")), "*?");
    EXPECT_EQ(place_in(get("/v1/users/a.b..c/%41?x=../%2e[]")), "/v1/users/a.b..c/%41?x=../%2e[]");
}

TEST(StrictGate, C08RefusesUnknownMethodsAndVersions) {
    for (const char* method : {"BREW", "get", "PROPFIND", "M-SEARCH", "UNKNOWN"})
        EXPECT_EQ(verdict(request(std::string(method) + " / HTTP/1.1", "")), "not_implemented") << method;
    for (const char* line : {"TRACE / HTTP/1.1", "CONNECT gateway.example:443 HTTP/1.1"}) {
        const auto head = validate_head(request(line, ""));
        ASSERT_TRUE(head.has_error());
        EXPECT_EQ(head.error().code(), errc::method_not_allowed);
        EXPECT_EQ(head.error().details()->allow, "GET, HEAD, POST, PUT, DELETE, OPTIONS");
    }
    EXPECT_EQ(verdict("PRI * HTTP/2.0\r\n\r\n"), "http_version");
    for (const char* version : {"HTTP/0.9", "HTTP/1.2", "HTTP/9.9", "HTTP/2.0"})
        EXPECT_EQ(verdict(request("GET / " + std::string(version), "")), "http_version") << version;
    EXPECT_EQ(verdict("GET /\r\n\r\n"), "malformed_request");
}

TEST(StrictGate, C09RefusesHeaderFloods) {
    std::string fields;
    for (int i = 0; i < 99; ++i)
        fields += "A: b\r\n";
    EXPECT_EQ(verdict(post(fields)), "accepted");
    EXPECT_EQ(verdict(post(fields + "A: b\r\n")), "headers_too_large");
    const std::string name = "X-Big: ";
    EXPECT_EQ(verdict(post(name + std::string(8192 - name.size(), 'x') + "\r\n")), "accepted");
    EXPECT_EQ(verdict(post(name + std::string(8193 - name.size(), 'x') + "\r\n")), "headers_too_large");
    const std::string half = "X-Half: " + std::string(5500, 'x') + "\r\n";
    EXPECT_EQ(verdict(post(half + half + half)), "headers_too_large");
}

TEST(StrictGate, C10RefusesTargetsAbove8Kilobytes) {
    EXPECT_EQ(verdict(get("/" + std::string(8191, 'a'))), "accepted");
    EXPECT_EQ(verdict(get("/" + std::string(8192, 'a'))), "uri_too_long");
}

TEST(StrictGate, C14RefusesOtherExpectations) {
    EXPECT_EQ(verdict(post("Expect: 200-ok\r\n")), "expectation_failed");
    EXPECT_EQ(verdict(post("Expect: 100-continue, x\r\n")), "expectation_failed");
    EXPECT_FALSE(validate_head(request("POST / HTTP/1.0", "Expect: 100-continue\r\n"))->expect_continue);
}

TEST(StrictGate, C25RefusesCompressedBodies) {
    EXPECT_EQ(verdict(post("Content-Encoding: gzip\r\n")), "unsupported_media_type");
    EXPECT_EQ(verdict(post("Content-Encoding: identity\r\nContent-Encoding: br\r\n")),
              "unsupported_media_type");
    EXPECT_EQ(verdict(post("Content-Encoding: identity\r\n")), "accepted");
}

TEST(StrictGate, C28RefusesTwoCredentials) {
    EXPECT_EQ(verdict(post("Authorization: Bearer a\r\nAuthorization: Bearer a\r\n")), "malformed_request");
    EXPECT_EQ(verdict(post("X-Api-Key: a\r\nx-api-key: a\r\n")), "malformed_request");
    EXPECT_EQ(verdict(post("Authorization: Bearer a\r\nx-api-key: b\r\n")), "malformed_request");
    EXPECT_EQ(verdict(post("x-api-key: ab\r\nAuthorization: Bearer a\r\n")), "malformed_request");
    EXPECT_EQ(verdict(post("Authorization: Basic a\r\nx-api-key: a\r\n")), "malformed_request");
    EXPECT_EQ(verdict(post("Authorization: Bearer a\r\nx-api-key:\r\n")), "malformed_request");
    EXPECT_EQ(verdict(post("Authorization: Bearer\r\nx-api-key:\r\n")), "malformed_request");
    EXPECT_EQ(verdict(post("Authorization:\r\nx-api-key: a\r\n")), "malformed_request");
    EXPECT_EQ(verdict(post("Idempotency-Key: a\r\nIdempotency-Key: a\r\n")), "malformed_request");
    EXPECT_EQ(verdict(post("Content-Type: a/b\r\nContent-Type: a/b\r\n")), "malformed_request");
}

TEST(StrictGate, C28HourATakesTheSameKeyInBothFieldsAsOne) {
    const auto key = [](const std::string& block) {
        const auto head = validate_head(block);
        return head.has_value() ? std::string(http::api_key_of(*head)) : "refused";
    };
    EXPECT_EQ(key(post("Authorization: Bearer a\r\nx-api-key: a\r\n")), "a");
    EXPECT_EQ(key(post("X-API-KEY:  a \r\nauthorization: BEARER  a \r\n")), "a");
    EXPECT_EQ(key(post("Authorization: Bearer a\r\n")), "a");
    EXPECT_EQ(key(post("x-api-key: a\r\n")), "a");
    EXPECT_EQ(key(post("Authorization: Basic a\r\n")), "");
    EXPECT_EQ(key(post("")), "");
}

TEST(StrictGate, FaultFTakesAnAbsoluteFormWhosePortGoesWithoutSaying) {
    const auto asked = [](const std::string& target, const std::string& host_value) {
        return verdict("GET " + target + " HTTP/1.1\r\nHost: " + host_value + "\r\n\r\n");
    };
    struct pair {
        const char* target;
        const char* host;
    };
    for (const auto& [target, host_value] :
         {pair{"http://a/x", "a"}, pair{"http://a:80/x", "a"}, pair{"http://a/x", "A:80"},
          pair{"http://a:80", "a:"}, pair{"http://a:?x", "a:80"}, pair{"https://a/", "a:443"},
          pair{"HTTPS://a:443/", "a"}, pair{"http://[::1]:80/", "[::1]"}, pair{"http://[::1]/", "[::1]:80"},
          pair{"http://a:8080/", "a:8080"}, pair{"https://a:80/", "a:80"}})
        EXPECT_EQ(asked(target, host_value), "accepted") << target << " " << host_value;
    // Two servers, or names that could be taken for two.
    for (const auto& [target, host_value] :
         {pair{"http://a:443/", "a"}, pair{"https://a:80/", "a"}, pair{"https://a/", "a:80"},
          pair{"http://a:8080/", "a"}, pair{"http://a/", "a:8080"}, pair{"http://a:080/", "a"},
          pair{"http://a:80:80/", "a"}, pair{"http://b/", "a"}, pair{"http://a:80/", "b:80"},
          pair{"http://u@a:80/", "a"}, pair{"http://a@b/", "a"}, pair{"http://:80/", "a"},
          pair{"http:///x", "a"}, pair{"http://:80@a/", "a"}, pair{"http://[::1]80/", "[::1]"},
          pair{"http://[::1]:443/", "[::1]"}, pair{"http://[::2]:80/", "[::1]"}, pair{"http://a]:80/", "a"}})
        EXPECT_EQ(asked(target, host_value), "malformed_request") << target << " " << host_value;
}

TEST(StrictGate, FaultFTakesAContentEncodingThatNamesNone) {
    for (const char* none : {"", " ", "\t", ",", ", \t,", "identity", "Identity ,\tidentity", ",identity,"})
        EXPECT_EQ(verdict(post("Content-Encoding:" + std::string(none) + "\r\n")), "accepted") << none;
    for (const char* some : {"gzip", "identity, gzip", "gzip,", "identity;q=1", "identity identity", "\"\""})
        EXPECT_EQ(verdict(post("Content-Encoding:" + std::string(some) + "\r\n")), "unsupported_media_type")
            << some;
}

TEST(StrictGate, FaultGOnlyHttp11MustSayItsHost) {
    const auto old = [](const std::string& target, const std::string& fields) {
        return verdict("GET " + target + " HTTP/1.0\r\n" + fields + "\r\n");
    };
    EXPECT_EQ(old("/healthz", ""), "accepted");
    EXPECT_EQ(old("/healthz", "Host: a\r\n"), "accepted");
    EXPECT_EQ(old("http://a.example:80/healthz", ""), "accepted");
    const std::string block = "GET http://a.example:80/ HTTP/1.0\r\n\r\n";
    EXPECT_EQ(validate_head(block)->host, "a.example:80")
        << "whoever asks for the server is told the one that was named";
    EXPECT_EQ(old("http://u@a.example/healthz", ""), "malformed_request");
    EXPECT_EQ(old("http:///healthz", ""), "malformed_request");
    EXPECT_EQ(old("http://b/healthz", "Host: a\r\n"), "malformed_request");
    for (const char* bad : {"", "user@a", "a/b", "a b", "a:b", ":80", "[::1", "a,b"})
        EXPECT_EQ(old("/healthz", "Host: " + std::string(bad) + "\r\n"), "malformed_request") << bad;
    EXPECT_EQ(old("/healthz", "Host: a\r\nHost: a\r\n"), "malformed_request");
    EXPECT_EQ(verdict("GET /healthz HTTP/1.1\r\n\r\n"), "malformed_request");
}

TEST(HeaderFinder, FindsTheEndHoweverTheBytesCome) {
    const std::string block = post("A: b\r\n");
    const std::string more = block + "body\r\n\r\n";
    EXPECT_EQ(http::find_header_end(more).value(), block.size());
    http::header_finder finder;
    for (std::size_t n = 0; n < block.size(); ++n)
        EXPECT_EQ(finder.look(std::string_view{more}.substr(0, n)).value(), 0U);
    EXPECT_EQ(finder.look(more).value(), block.size());
}

TEST(HeaderFinder, C09StopsAnEndlessHeaderWhileItComes) {
    const auto code = [](const std::string& received) {
        return http::find_header_end(received).error().code();
    };
    EXPECT_EQ(code("GET /" + std::string(9000, 'a')), errc::uri_too_long);
    EXPECT_EQ(code("GET / HTTP/1.1\r\nA: " + std::string(8300, 'a')), errc::headers_too_large);
    std::string many = "GET / HTTP/1.1\r\n";
    for (int i = 0; i < 3000; ++i)
        many += "a:\r\n";
    EXPECT_EQ(code(many), errc::headers_too_large);
    std::string long_lines = "GET / HTTP/1.1\r\n";
    for (int i = 0; i < 3; ++i)
        long_lines += "A: " + std::string(6000, 'a') + "\r\n";
    EXPECT_EQ(code(long_lines), errc::headers_too_large);
}

TEST(HeaderFinder, C06StopsNoiseAtTheFirstTellingByte) {
    for (const char* noise : {"\x16\x03\x01", "\r\n", "\n", " GET", "GET / HTTP/1.1\nHost: a\n"})
        EXPECT_EQ(http::find_header_end(noise).error().code(), errc::malformed_request) << noise;
}
