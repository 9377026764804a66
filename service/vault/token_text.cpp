#include "vault/token_text.hpp"

#include "base/sized_text.hpp"
#include "base/text.hpp"

namespace gateway::vault {
namespace {

constexpr char format_1 = '1';
constexpr char format_2 = '2';

void append_time(std::string& out, wall_time at) {
    append_sized(out, std::to_string(unix_ms(at)));
}

template <class Text>
bool take(std::string_view& rest, Text& out) {
    const auto field = take_sized(rest);
    if (field) out = Text{std::string(*field)};
    return field.has_value();
}

bool take(std::string_view& rest, wall_time& out) {
    const auto ms = parse_number<std::int64_t>(take_sized(rest).value_or(""));
    if (ms) out = from_unix_ms(*ms);
    return ms.has_value();
}

bool take(std::string_view& rest, std::uint32_t& out) {
    out = parse_number<std::uint32_t>(take_sized(rest).value_or("")).value_or(0);
    return out > 0;
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
    token_text out;
    const bool good = take(plain, out.access_token) && take(plain, out.refresh_token)
                      && take(plain, out.account) && take(plain, out.scopes) && take(plain, out.received_at)
                      && take(plain, out.access_expires_at) && take(plain, out.refresh_expires_at)
                      && (!counts || take(plain, out.forced_in_a_row)) && plain.empty();
    if (!good) return std::nullopt;
    return out;
}

} // namespace gateway::vault
