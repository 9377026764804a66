#include "connections/spooled_login.hpp"

#include "base/digest.hpp"
#include "base/sized_text.hpp"
#include "base/text.hpp"

#include <array>

namespace gateway::connections {
namespace {

constexpr std::string_view yes = "1", no = "0";

} // namespace

std::string write_spooled_login(const spooled_login& what) {
    const auto& login = what.login;
    std::string out;
    append_sized(out, to_hex(login.state_hash));
    append_sized(out, login.caller.text());
    append_sized(out, login.user.text());
    append_sized(out, login.app);
    append_sized(out, login.return_url);
    append_sized(out, login.scopes);
    append_sized(out, login.replace_account ? yes : no);
    append_sized(out, login.confirm ? yes : no);
    append_sized(out, std::to_string(unix_ms(login.expires_at)));
    append_sized(out, what.page_salt);
    append_sized(out, what.page_proof);
    return out;
}

std::optional<spooled_login> read_spooled_login(std::string_view text) {
    std::array<std::string_view, 11> fields;
    for (auto& field : fields) {
        const auto taken = take_sized(text);
        if (!taken) return std::nullopt;
        field = *taken;
    }
    auto state_hash = from_hex(fields[0]);
    const auto expires_at = parse_number<std::int64_t>(fields[8]);
    if (!text.empty() || !state_hash || !expires_at) return std::nullopt;
    spooled_login whole{{}, std::string(fields[9]), std::string(fields[10])};
    auto& out = whole.login;
    out.state_hash = std::move(*state_hash);
    out.caller = caller_name::trusted(std::string(fields[1]));
    out.user = user_id::trusted(std::string(fields[2]));
    out.app = fields[3];
    out.return_url = fields[4];
    out.scopes = fields[5];
    out.replace_account = fields[6] == yes;
    out.confirm = fields[7] == yes;
    out.expires_at = from_unix_ms(*expires_at);
    out.progress = store::login_progress::taken;
    return whole;
}

} // namespace gateway::connections
