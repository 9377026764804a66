#include "harness/unreadable_answers.hpp"

#include <string_view>

namespace harness {
namespace {

namespace json = boost::json;

constexpr std::string_view ok_line = "HTTP/1.1 200 OK\r\n";
constexpr std::string_view page = "<html><body>Access denied</body></html>";

std::string repeated(std::string_view text, int times) {
    std::string all;
    for (int i = 0; i < times; ++i)
        all += text;
    return all;
}

/// Sends these bytes and then closes the connection with TLS close_notify.
unreadable_answer raw(std::string name, std::string bytes) {
    return {std::move(name), json::object{{"raw", std::move(bytes)}, {"close", true}}};
}

unreadable_answer with_fields(std::string name, json::object fields) {
    return {std::move(name), json::object{{"headers", std::move(fields)}}};
}

unreadable_answer with_body(std::string name, int status, std::string_view body) {
    return {std::move(name), json::object{{"status", status}, {"body", body}}};
}

json::object many_fields(int count, std::size_t bytes_each) {
    json::object fields;
    for (int i = 0; i < count; ++i)
        fields["X-Field-" + std::to_string(i)] = std::string(bytes_each, 'f');
    return fields;
}

std::vector<unreadable_answer> heads() {
    const std::string ok(ok_line);
    return {
        with_fields("too many fields", many_fields(101, 1)),
        with_fields("a field of 17 KB", {{"Set-Cookie", std::string(17 * 1024, 'c')}}),
        with_fields("a head of 70 KB", many_fields(7, 10 * 1024)),
        with_fields("a compressed body", {{"Content-Encoding", "gzip"}}),
        with_fields("Connection is no list of words", {{"Connection", "keep alive"}}),
        raw("two lengths", ok + "Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}"),
        raw("two lengths that differ", ok + "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{} "),
        raw("length and chunks",
            ok + "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"),
        raw("a signed length", ok + "Content-Length: +2\r\n\r\n{}"),
        raw("an unknown coding", ok + "Transfer-Encoding: gzip\r\n\r\n"),
        raw("two codings", ok + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        raw("chunks in HTTP/1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        raw("nine interim answers",
            repeated("HTTP/1.1 103 Early Hints\r\n\r\n", 9) + ok + "Content-Length: 0\r\n\r\n"),
        raw("another protocol", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n"),
        raw("a status that is none", "HTTP/1.1 999 OK\r\nContent-Length: 0\r\n\r\n"),
        raw("another version", "HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n"),
        raw("a folded field", ok + "A: b\r\n c\r\nContent-Length: 0\r\n\r\n"),
        raw("a NUL in a field", ok + std::string("A: b\0c\r\nContent-Length: 0\r\n\r\n", 29)),
        raw("a field without a name", ok + ": b\r\nContent-Length: 0\r\n\r\n"),
        raw("bare line feeds", "HTTP/1.1 200 OK\nContent-Length: 0\n\n"),
        raw("no HTTP", "SSH-2.0-OpenSSH_9.2\r\n\r\n"),
        raw("nothing at all", ""),
        raw("half a head", ok + "Content-Le"),
    };
}

std::vector<unreadable_answer> framing() {
    const std::string chunked = std::string(ok_line) + "Transfer-Encoding: chunked\r\n\r\n";
    unreadable_answer cut{
        "a body that ends with TCP alone",
        json::object{{"raw", std::string(ok_line) + "\r\n{}"}, {"close_without_alert", true}}};
    return {
        std::move(cut),
        raw("half a body", std::string(ok_line) + "Content-Length: 100\r\n\r\n{\"data\":{"),
        raw("a chunk size that is no number", chunked + "xyz\r\n{}\r\n0\r\n\r\n"),
        raw("a chunk longer than its size", chunked + "1\r\n{}\r\n0\r\n\r\n"),
        raw("a chunk extension of 5 KB", chunked + "2;" + std::string(5'000, 'e') + "\r\n{}\r\n0\r\n\r\n"),
        raw("trailers of 5 KB", chunked + "2\r\n{}\r\n0\r\nA: " + std::string(5'000, 't') + "\r\n\r\n"),
        raw("chunks without an end", chunked + "2\r\n{}\r\n"),
        with_body("a body of more than 1 MB", 200, std::string(1'100'000, ' ')),
    };
}

} // namespace

const std::vector<unreadable_answer>& refused_by_the_gate() {
    static const auto all = [] {
        auto out = heads();
        for (auto& each : framing())
            out.push_back(std::move(each));
        return out;
    }();
    return all;
}

const std::vector<unreadable_answer>& not_of_tiktok() {
    static const auto all = [] {
        std::vector<unreadable_answer> out;
        for (const int status :
             {200, 201, 301, 302, 400, 401, 403, 404, 408, 409, 425, 429, 500, 502, 503, 504})
            out.push_back(with_body("a page with " + std::to_string(status), status, page));
        for (const int status : {200, 401, 429, 500, 503})
            out.push_back(with_body("an empty body with " + std::to_string(status), status, ""));
        const auto page_without_length = std::string("HTTP/1.1 502 Bad Gateway\r\n\r\n") + std::string(page);
        out.push_back(raw("a page with 502 and no length", page_without_length));
        out.push_back(with_body("half of TikTok's JSON", 200, R"({"data":{"publish_id":"v_pub_url~v2.1)"));
        out.push_back(with_body("half of a surrogate pair", 200, R"({"data":{"publish_id":"\ud800"}})"));
        out.push_back(
            with_body("ok without data", 200, R"({"error":{"code":"ok","message":"","log_id":"l"}})"));
        out.push_back(with_body("no publish_id", 200,
                                R"({"data":{},"error":{"code":"ok","message":"","log_id":"l"}})"));
        out.push_back(
            with_body("a publish_id that is none", 200,
                      R"({"data":{"publish_id":[7]},"error":{"code":"ok","message":"","log_id":"l"}})"));
        out.push_back(with_body("TikTok's internal_error", 500,
                                R"({"error":{"code":"internal_error","message":"m","log_id":"l"}})"));
        out.push_back(with_body("a proxy's JSON", 403, R"({"error":"forbidden","message":"blocked"})"));
        return out;
    }();
    return all;
}

std::vector<unreadable_answer> unreadable_answers() {
    auto all = refused_by_the_gate();
    for (const auto& each : not_of_tiktok())
        all.push_back(each);
    return all;
}

} // namespace harness
