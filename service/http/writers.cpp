#include "http/writers.hpp"

#include "base/digits.hpp"
#include "http/wire_text.hpp"

#include <chrono>
#include <stdexcept>

namespace gateway::http {
namespace {

struct phrase {
    int status;
    std::string_view text;
};

constexpr phrase phrases[] = {
    {200, "OK"},
    {204, "No Content"},
    {302, "Found"},
    {303, "See Other"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {411, "Length Required"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {417, "Expectation Failed"},
    {422, "Unprocessable Content"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
};

} // namespace

void head_writer::refuse_value() {
    throw std::logic_error("a header field that cannot be written");
}

request_writer& request_writer::start(verb method, std::string_view path, std::string_view query,
                                      std::string_view rest, std::string_view host, std::string_view port) {
    if (!path.starts_with('/') || !all(target_byte, path) || !all(target_byte, query)
        || !all(target_byte, rest))
        throw std::logic_error("a request target that cannot be written");
    check(host);
    check(port);
    out_.put(name_of(method), " ", path, query, rest, " HTTP/1.1\r\nHost: ", host, port, "\r\n");
    return *this;
}

std::string_view reason_phrase(int status) {
    for (const auto& row : phrases)
        if (row.status == status) return row.text;
    return "Unknown";
}

std::string_view date_clock::at(wall_time now) {
    const auto second = std::chrono::floor<seconds>(now);
    if (second != shown_ || text_.empty()) {
        shown_ = second;
        text_ = http_date(now);
    }
    return text_;
}

std::string http_date(wall_time t) {
    constexpr std::string_view days = "SunMonTueWedThuFriSat";
    constexpr std::string_view months = "JanFebMarAprMayJunJulAugSepOctNovDec";
    const auto day = std::chrono::floor<std::chrono::days>(t);
    const std::chrono::year_month_day date{day};
    const auto second_of_day = static_cast<unsigned>(std::chrono::floor<seconds>(t - day).count());
    std::string out;
    append_all(out, days.substr(std::chrono::weekday{day}.c_encoding() * 3, 3), ", ",
               padded_digits<2>(static_cast<unsigned>(date.day())), " ",
               months.substr((static_cast<unsigned>(date.month()) - 1) * 3, 3), " ",
               padded_digits<4>(static_cast<unsigned>(static_cast<int>(date.year()))), " ",
               padded_digits<2>(second_of_day / 3600), ":", padded_digits<2>(second_of_day / 60 % 60), ":",
               padded_digits<2>(second_of_day % 60), " GMT");
    return out;
}

response_writer& response_writer::start(int status) {
    out_.put("HTTP/1.1 ", number_text::of(status), " ", reason_phrase(status), "\r\n");
    return *this;
}

} // namespace gateway::http
