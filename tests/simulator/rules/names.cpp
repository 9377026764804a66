#include "rules/names.hpp"

#include "base/digest.hpp"

#include <cctype>
#include <chrono>
#include <cstdio>
#include <cstring>

namespace gateway::simulator {

namespace {

std::string uuid_like(std::string_view seed) {
    std::string hex = to_hex(sha256(seed)).substr(0, 32);
    for (const std::size_t at : {20U, 16U, 12U, 8U}) {
        hex.insert(at, "-");
    }
    return hex;
}

} // namespace

std::string new_log_id(wall_time now) {
    const auto day = std::chrono::floor<std::chrono::days>(now);
    const std::chrono::year_month_day date{day};
    const std::chrono::hh_mm_ss time{now - day};
    char text[32];
    std::snprintf(text, sizeof text, "%04d%02u%02u%02d%02d%02d", static_cast<int>(date.year()),
                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                  static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
                  static_cast<int>(time.seconds().count()));
    std::string tail = to_hex(random_bytes(10));
    for (char& c : tail) {
        c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    }
    return text + tail;
}

std::string random_letters(std::size_t count) {
    constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    std::string text = random_bytes(count);
    for (char& c : text) {
        c = letters[static_cast<unsigned char>(c) % letters.size()];
    }
    return text;
}

std::string new_access_token() {
    return "act." + random_letters(56) + "!5014.va";
}
std::string new_refresh_token() {
    return "rft." + random_letters(56) + "!5014.va";
}
std::string new_client_token() {
    return "clt." + random_letters(56);
}
std::string new_authorization_code() {
    return random_letters(60) + "*v!5014.va";
}

std::int64_t new_post_id() {
    std::uint64_t value = 0;
    std::memcpy(&value, random_bytes(sizeof value).data(), sizeof value);
    return static_cast<std::int64_t>(7'000'000'000'000'000'000ULL + value % 600'000'000'000'000'000ULL);
}

std::string open_id_of(std::string_view client_key, std::string_view username) {
    return uuid_like("open_id\n" + std::string(client_key) + "\n" + std::string(username));
}

std::string union_id_of(std::string_view username) {
    return uuid_like("union_id\n" + std::string(username));
}

} // namespace gateway::simulator
