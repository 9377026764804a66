#include "vault/token_text.hpp"

#include <charconv>

namespace gateway::vault {
namespace {

constexpr char format_1 = '1';
constexpr char format_2 = '2';

void append_field(std::string& out, std::string_view field) {
    out += std::to_string(field.size());
    out += ':';
    out += field;
}

void append_field(std::string& out, wall_time at) {
    append_field(out, std::to_string(unix_ms(at)));
}

template <class Number>
bool read_number(std::string_view digits, Number& out) {
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), out);
    return error == std::errc{} && end == digits.data() + digits.size();
}

/// Removes one field from the front.
bool take_field(std::string_view& rest, std::string_view& out) {
    const auto colon = rest.find(':');
    std::size_t size = 0;
    if (colon == std::string_view::npos || !read_number(rest.substr(0, colon), size)) return false;
    rest.remove_prefix(colon + 1);
    if (size > rest.size()) return false;
    out = rest.substr(0, size);
    rest.remove_prefix(size);
    return true;
}

bool take_count(std::string_view& rest, std::uint32_t& out) {
    std::string_view field;
    return take_field(rest, field) && read_number(field, out) && out > 0;
}

bool take_time(std::string_view& rest, wall_time& out) {
    std::string_view field;
    std::int64_t ms = 0;
    if (!take_field(rest, field) || !read_number(field, ms)) return false;
    out = from_unix_ms(ms);
    return true;
}

} // namespace

secret write_token_text(const token_text& tokens) {
    std::string out;
    // Enough for the whole text: growing would leave copies of tokens in freed memory.
    out.reserve(256 + tokens.access_token.size() + tokens.refresh_token.size() + tokens.account.size()
                + tokens.scopes.size());
    out += tokens.forced_in_a_row == 0 ? format_1 : format_2;
    append_field(out, tokens.access_token.reveal());
    append_field(out, tokens.refresh_token.reveal());
    append_field(out, tokens.account);
    append_field(out, tokens.scopes);
    append_field(out, tokens.received_at);
    append_field(out, tokens.access_expires_at);
    append_field(out, tokens.refresh_expires_at);
    if (tokens.forced_in_a_row > 0) append_field(out, std::to_string(tokens.forced_in_a_row));
    return secret{std::move(out)};
}

std::optional<token_text> read_token_text(std::string_view plain) {
    if (plain.empty() || (plain.front() != format_1 && plain.front() != format_2)) return std::nullopt;
    const bool counts = plain.front() == format_2;
    plain.remove_prefix(1);
    std::string_view access, refresh, account, scopes;
    token_text out;
    const bool good = take_field(plain, access) && take_field(plain, refresh) && take_field(plain, account)
                      && take_field(plain, scopes) && take_time(plain, out.received_at)
                      && take_time(plain, out.access_expires_at) && take_time(plain, out.refresh_expires_at)
                      && (!counts || take_count(plain, out.forced_in_a_row)) && plain.empty();
    if (!good) return std::nullopt;
    out.access_token = secret{std::string(access)};
    out.refresh_token = secret{std::string(refresh)};
    out.account = account;
    out.scopes = scopes;
    return out;
}

} // namespace gateway::vault
