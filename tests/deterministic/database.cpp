#include "deterministic/database.hpp"

#include "base/pattern.hpp"

#include <algorithm>
#include <utility>

namespace gateway::simulation {

using namespace store;

bool database::is_alive(const std::string& owner) const {
    const auto found = alive_until_.find(owner);
    return found != alive_until_.end() && found->second > now();
}

std::optional<connection_record> database::find_connection(const user_id& user) const {
    const auto found = connections_.find(user);
    if (found == connections_.end()) return std::nullopt;
    return found->second;
}

std::vector<connection_record> database::find_connections_of_account(const open_id& account) const {
    std::vector<connection_record> out;
    for (const auto& [user, record] : connections_)
        if (record.account == account) out.push_back(record);
    return out;
}

page_of<connection_record> database::list_connections(const std::vector<std::string>& patterns,
                                                      const std::string& cursor, std::uint32_t limit) const {
    page_of<connection_record> out;
    for (auto at = connections_.upper_bound(user_id::trusted(cursor)); at != connections_.end(); ++at) {
        if (!matches_any(patterns, at->first.text())) continue;
        if (out.rows.size() == limit) {
            out.next = out.rows.back().user.text();
            break;
        }
        out.rows.push_back(at->second);
    }
    return out;
}

void database::keep(const user_id& user, std::uint64_t version, kept_reason reason, std::string sealed,
                    wall_time at) {
    if (!sealed.empty()) kept_[++newest_kept_] = {user, version, reason, std::move(sealed), at};
}

bool database::put_connection(const connection_record& record, std::uint64_t expected_version) {
    const auto there = connections_.find(record.user);
    const bool known = there != connections_.end();
    const auto version = known ? there->second.version : 0;
    const auto above = known ? version : version_floor_;
    if (version != expected_version || record.version <= above) return false;
    if (known)
        keep(record.user, version, kept_reason::previous, std::move(there->second.sealed_tokens),
             record.updated_at);
    intents_.erase(record.user);
    connections_[record.user] = record;
    if (on_pair) on_pair(record, false);
    return true;
}

bool database::set_connection_state(const user_id& user, std::uint64_t version, connection_state state,
                                    const std::string& cause, wall_time at) {
    const auto found = connections_.find(user);
    if (found == connections_.end() || found->second.version != version
        || found->second.state == connection_state::revoked)
        return false;
    found->second.state = state;
    found->second.cause = cause;
    found->second.updated_at = at;
    return true;
}

void database::forget_around(const user_id& user) {
    std::erase_if(kept_, [&user](const auto& one) { return one.second.user == user; });
    intents_.erase(user);
    leases_.erase(user);
}

bool database::revoke_connection(const user_id& user, const std::string& cause, wall_time at) {
    forget_around(user);
    const auto found = connections_.find(user);
    if (found == connections_.end()) return false;
    found->second.state = connection_state::revoked;
    found->second.cause = cause;
    found->second.sealed_tokens.clear();
    found->second.updated_at = at;
    if (on_revoked) on_revoked(user);
    return true;
}

bool database::forget_connection(const user_id& user) {
    const auto found = connections_.find(user);
    if (found != connections_.end()) version_floor_ = std::max(version_floor_, found->second.version);
    forget_around(user);
    std::erase_if(logins_, [&user](const auto& one) { return one.second.user == user; });
    return connections_.erase(user) > 0;
}

std::vector<std::uint64_t> database::count_connections_by_state() const {
    std::vector<std::uint64_t> out(4, 0);
    for (const auto& [user, record] : connections_)
        ++out[static_cast<std::size_t>(record.state)];
    return out;
}

std::vector<kept_tokens_record> database::kept_tokens(const user_id& user) const {
    std::vector<kept_tokens_record> out;
    for (auto at = kept_.rbegin(); at != kept_.rend(); ++at)
        if (at->second.user == user) out.push_back(at->second);
    return out;
}

bool database::is_at_work(const user_id& user) const {
    const auto found = leases_.find(user);
    return found != leases_.end() && found->second.until > now();
}

std::optional<lease> database::take_lease(const user_id& user, const std::string& owner, milliseconds length,
                                          wall_time at) {
    if (is_at_work(user)) return std::nullopt;
    lease out{user, owner, ++newest_fence_, at + length};
    leases_[user] = {out, now() + length};
    return out;
}

void database::release_lease(const lease& held) {
    const auto found = leases_.find(held.user);
    if (found != leases_.end() && found->second.what.fence == held.fence) leases_.erase(found);
}

refresh_begin database::begin_refresh(const lease& held, std::uint64_t version, wall_time at) {
    const auto there = connections_.find(held.user);
    const auto by = leases_.find(held.user);
    const bool good = there != connections_.end() && there->second.version == version
                      && there->second.state != connection_state::revoked && by != leases_.end()
                      && by->second.what.fence == held.fence;
    if (!good) return refresh_begin::refused;
    const auto earlier = intents_.find(held.user);
    const bool again = earlier != intents_.end() && earlier->second.version == version;
    intents_[held.user] = {held.user, version, held.fence, at};
    return again ? refresh_begin::begun_again : refresh_begin::begun;
}

refresh_end database::finish_refresh(const lease& held, const connection_record& record,
                                     std::uint64_t expected_version) {
    const auto there = connections_.find(record.user);
    const bool ours = there != connections_.end() && there->second.version == expected_version
                      && record.version > expected_version
                      && there->second.state != connection_state::revoked;
    const auto by = leases_.find(record.user);
    const auto intent = intents_.find(record.user);
    const auto newest = std::max(by == leases_.end() ? 0 : by->second.what.fence,
                                 intent == intents_.end() ? 0 : intent->second.fence);
    if (ours && newest > held.fence) {
        keep(record.user, record.version, kept_reason::candidate, record.sealed_tokens, record.updated_at);
        return refresh_end::kept_as_candidate;
    }
    close_refresh(held);
    if (!ours) return refresh_end::superseded;
    keep(record.user, expected_version, kept_reason::previous, std::move(there->second.sealed_tokens),
         record.updated_at);
    there->second = record;
    if (on_pair) on_pair(record, true);
    return refresh_end::stored;
}

std::vector<refresh_intent> database::open_refreshes() const {
    std::vector<refresh_intent> out;
    for (const auto& [user, intent] : intents_)
        if (!is_at_work(user)) out.push_back(intent);
    std::stable_sort(out.begin(), out.end(),
                     [](const auto& a, const auto& b) { return a.started_at < b.started_at; });
    return out;
}

void database::close_refresh(const lease& held) {
    const auto found = intents_.find(held.user);
    if (found != intents_.end() && found->second.fence <= held.fence) intents_.erase(found);
}

} // namespace gateway::simulation
