#include "vault/spooled_pair.hpp"

#include "base/digest.hpp"
#include "base/sized_text.hpp"
#include "base/text.hpp"
#include "store/named_value.hpp"

#include <algorithm>

namespace gateway::vault {
namespace {

constexpr std::string_view first_line = "tiktok-gateway pair 1\n";

template <class Enum>
std::optional<Enum> named(std::string_view name) {
    const auto names = names_of(Enum{});
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) return std::nullopt;
    return static_cast<Enum>(found - names.begin());
}

} // namespace

spooled_pair spooled_pair::copy() const {
    spooled_pair out;
    out.what = what;
    out.app = app;
    out.user = user;
    out.version = version;
    out.fence = fence;
    out.sent_hash = sent_hash;
    out.proof = proof;
    out.granted_at = granted_at;
    out.login = login;
    out.text = {text.access_token.copy(),
                text.refresh_token.copy(),
                text.account,
                text.scopes,
                text.received_at,
                text.access_expires_at,
                text.refresh_expires_at,
                text.forced_in_a_row};
    return out;
}

fresh_tokens spooled_pair::tokens() const {
    fresh_tokens out;
    out.access_token = text.access_token.copy();
    out.refresh_token = text.refresh_token.copy();
    out.account = open_id::trusted(text.account);
    out.scopes = text.scopes;
    out.access_lifetime = text.access_expires_at - text.received_at;
    out.refresh_lifetime = text.refresh_expires_at - text.received_at;
    out.forced_in_a_row = text.forced_in_a_row;
    out.proof = proof;
    if (granted_at != wall_time{}) out.granted_at = granted_at;
    return out;
}

bool spooled_pair::is_of_no_use(wall_time now) const {
    const bool end_is_known = text.refresh_expires_at > text.received_at;
    return end_is_known && now >= std::max(text.access_expires_at, text.refresh_expires_at);
}

spooled_pair spooled(spooled_kind what, std::string app, const fresh_tokens& fresh, wall_time received_at) {
    spooled_pair out;
    out.what = what;
    out.app = std::move(app);
    out.proof = fresh.proof;
    out.granted_at = fresh.granted_at.value_or(wall_time{});
    out.text = {fresh.access_token.copy(),
                fresh.refresh_token.copy(),
                fresh.account.text(),
                fresh.scopes,
                received_at,
                received_at + fresh.access_lifetime,
                received_at + fresh.refresh_lifetime,
                fresh.forced_in_a_row};
    return out;
}

std::string write_spool_head(const spooled_pair& of) {
    std::string out;
    append_sized(out, store::name_of(of.what));
    append_sized(out, of.app);
    append_sized(out, of.user.text());
    append_sized(out, std::to_string(of.version));
    append_sized(out, std::to_string(of.fence));
    append_sized(out, to_hex(of.sent_hash));
    append_sized(out, store::name_of(of.proof));
    append_sized(out, std::to_string(unix_ms(of.granted_at)));
    append_sized(out, of.login);
    return out;
}

std::optional<spooled_pair> read_spool_head(std::string_view head) {
    std::array<std::string_view, 9> fields;
    for (auto& field : fields) {
        const auto taken = take_sized(head);
        if (!taken) return std::nullopt;
        field = *taken;
    }
    const auto what = named<spooled_kind>(fields[0]);
    const auto version = parse_number<std::uint64_t>(fields[3]);
    const auto fence = parse_number<std::uint64_t>(fields[4]);
    auto sent_hash = from_hex(fields[5]);
    const auto proof = named<store::account_proof>(fields[6]);
    const auto granted_at = parse_number<std::int64_t>(fields[7]);
    if (!head.empty() || !what || !version || !fence || !sent_hash || !proof || !granted_at)
        return std::nullopt;
    spooled_pair out;
    out.what = *what;
    out.app = fields[1];
    out.user = user_id::trusted(std::string(fields[2]));
    out.version = *version;
    out.fence = *fence;
    out.sent_hash = std::move(*sent_hash);
    out.proof = *proof;
    out.granted_at = from_unix_ms(*granted_at);
    out.login = fields[8];
    return out;
}

std::string join_spool_file(std::string_view head, std::string_view sealed) {
    std::string out(first_line);
    append_sized(out, head);
    append_sized(out, sealed);
    return out;
}

std::optional<spool_file_parts> split_spool_file(std::string_view bytes) {
    if (!bytes.starts_with(first_line)) return std::nullopt;
    bytes.remove_prefix(first_line.size());
    const auto head = take_sized(bytes);
    const auto sealed = head ? take_sized(bytes) : std::nullopt;
    if (!sealed || !bytes.empty()) return std::nullopt;
    return spool_file_parts{*head, *sealed};
}

} // namespace gateway::vault
