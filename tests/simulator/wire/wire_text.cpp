#include "wire/wire_text.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <cstdio>

namespace gateway::simulator {

namespace {

std::string_view reason_of(int status) {
    switch (status) {
        case 200:
            return "OK";
        case 201:
            return "Created";
        case 206:
            return "Partial Content";
        case 302:
            return "Found";
        case 400:
            return "Bad Request";
        case 401:
            return "Unauthorized";
        case 403:
            return "Forbidden";
        case 404:
            return "Not Found";
        case 413:
            return "Payload Too Large";
        case 416:
            return "Range Not Satisfiable";
        case 429:
            return "Too Many Requests";
        case 500:
            return "Internal Server Error";
        case 502:
            return "Bad Gateway";
        case 503:
            return "Service Unavailable";
        case 504:
            return "Gateway Timeout";
        default:
            return "Status";
    }
}

/// RFC 9110 §5.6.7.
std::string http_date(wall_time now) {
    constexpr const char* days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    constexpr const char* months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const auto day = std::chrono::floor<std::chrono::days>(now);
    const std::chrono::year_month_day date{day};
    const std::chrono::hh_mm_ss time{now - day};
    char text[64];
    std::snprintf(text, sizeof text, "%s, %02u %s %04d %02d:%02d:%02d GMT",
                  days[std::chrono::weekday{day}.c_encoding()], static_cast<unsigned>(date.day()),
                  months[static_cast<unsigned>(date.month()) - 1], static_cast<int>(date.year()),
                  static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
                  static_cast<int>(time.seconds().count()));
    return text;
}

bool same_name(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
        return std::tolower(static_cast<unsigned char>(x)) == std::tolower(static_cast<unsigned char>(y));
    });
}

} // namespace

std::string as_bytes(const answer& out, const std::string& log_id, wall_time now, bool close,
                     bool without_body) {
    header_list headers{{"Server", "nginx"}, {"Date", http_date(now)}};
    if (!out.content_type.empty()) headers.emplace_back("Content-Type", out.content_type);
    headers.emplace_back("Content-Length", std::to_string(out.body.size()));
    if (!log_id.empty()) headers.emplace_back("x-tt-logid", log_id);
    headers.emplace_back("Connection", close ? "close" : "keep-alive");
    for (const auto& field : out.headers) {
        std::erase_if(headers, [&](const auto& known) { return same_name(known.first, field.first); });
    }
    headers.insert(headers.end(), out.headers.begin(), out.headers.end());
    std::string bytes =
        "HTTP/1.1 " + std::to_string(out.status) + " " + std::string(reason_of(out.status)) + "\r\n";
    for (const auto& [name, value] : headers) {
        bytes.append(name).append(": ").append(value).append("\r\n");
    }
    bytes += "\r\n";
    if (!without_body) bytes += out.body;
    return bytes;
}

void merge_patch(boost::json::value& target, const boost::json::value& patch) {
    if (!patch.is_object()) {
        target = patch;
        return;
    }
    if (!target.is_object()) target = boost::json::object{};
    for (const auto& [key, value] : patch.as_object()) {
        if (value.is_null()) {
            target.as_object().erase(key);
        } else {
            merge_patch(target.as_object()[key], value);
        }
    }
}

void distort(answer& out, const fault_effect& effect) {
    if (effect.status) out.status = *effect.status;
    if (effect.body) out.body = *effect.body;
    for (const auto& field : effect.headers) {
        out.headers.push_back(field);
    }
    if (!effect.merge) return;
    boost::json::error_code problem;
    boost::json::value parsed = boost::json::parse(out.body, problem);
    merge_patch(parsed, *effect.merge);
    out.body = boost::json::serialize(parsed);
}

} // namespace gateway::simulator
