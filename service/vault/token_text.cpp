#include "vault/token_text.hpp"

#include "base/append.hpp"
#include "base/lists.hpp"
#include "base/text.hpp"

namespace gateway::vault {
namespace {

constexpr char format_1 = '1';
constexpr char format_2 = '2';

void append_time(std::string& out, wall_time at) {
    append_sized(out, std::to_string(unix_ms(at)));
}

/// Removes one field from the front.
bool take_field(std::string_view& rest, std::string_view& out) {
    const auto size = parse_number<std::size_t>(next_piece(rest, ':'));
    if (!size || *size > rest.size()) return false;
    out = rest.substr(0, *size);
    rest.remove_prefix(*size);
    return true;
}

bool take_count(std::string_view& rest, std::uint32_t& out) {
    std::string_view field;
    if (!take_field(rest, field)) return false;
    out = parse_number<std::uint32_t>(field).value_or(0);
    return out > 0;
}

bool take_time(std::string_view& rest, wall_time& out) {
    std::string_view field;
    if (!take_field(rest, field)) return false;
    const auto ms = parse_number<std::int64_t>(field);
    if (ms) out = from_unix_ms(*ms);
    return ms.has_value();
}

} // namespace

secret write_token_text(const token_text& tokens) {
    std::string out;
    // Enough for the whole text: growing would leave copies of tokens in freed memory.
    out.reserve(256 + tokens.access_token.size() + tokens.refresh_token.size() + tokens.account.size()
                + tokens.scopes.size());
    out += tokens.forced_in_a_row == 0 ? format_1 : format_2;
    append_sized(out, tokens.access_token.reveal());
    append_sized(out, tokens.refresh_token.reveal());
    append_sized(out, tokens.account);
    append_sized(out, tokens.scopes);
    append_time(out, tokens.received_at);
    append_time(out, tokens.access_expires_at);
    append_time(out, tokens.refresh_expires_at);
    if (tokens.forced_in_a_row > 0) append_sized(out, std::to_string(tokens.forced_in_a_row));
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
