// Logins on their way, files, small facts, what is sealed, and the sweep.
#include "deterministic/database.hpp"
#include "store/sealed_walk.hpp"

#include <algorithm>

namespace gateway::simulation {

using namespace store;

namespace {

constexpr milliseconds week = std::chrono::hours{24 * 7};

} // namespace

std::optional<oauth_state_record> database::take_oauth_state(const std::string& state_hash, wall_time at) {
    const auto taken = logins_.extract(state_hash);
    if (taken.empty() || taken.mapped().expires_at <= at) return std::nullopt;
    return taken.mapped();
}

std::optional<file_record> database::find_file(const file_id& id) const {
    const auto found = files_.find(id);
    if (found == files_.end()) return std::nullopt;
    return found->second;
}

std::vector<file_record> database::expired_files(wall_time at, std::uint32_t limit) const {
    std::vector<file_record> out;
    for (const auto& [id, file] : files_)
        if (file.expires_at <= at && out.size() < limit) out.push_back(file);
    return out;
}

std::uint64_t database::stored_file_bytes() const {
    std::uint64_t sum = 0;
    for (const auto& [id, file] : files_)
        sum += file.size_bytes;
    return sum;
}

std::optional<std::string> database::find_meta(const std::string& name) const {
    const auto found = meta_.find(name);
    if (found == meta_.end()) return std::nullopt;
    return found->second;
}

std::vector<std::pair<std::string, std::string>> database::list_meta(const std::string& name_prefix) const {
    std::vector<std::pair<std::string, std::string>> out;
    for (const auto& [name, value] : meta_)
        if (name.starts_with(name_prefix)) out.emplace_back(name, value);
    return out;
}

std::uint64_t database::count_sealed_with(const std::string& prefix) const {
    std::uint64_t sum = 0;
    for (const auto& [user, record] : connections_)
        sum += record.sealed_tokens.starts_with(prefix) ? 1U : 0U;
    for (const auto& [number, kept] : kept_)
        sum += kept.sealed_tokens.starts_with(prefix) ? 1U : 0U;
    for (const auto& [hash, login] : logins_)
        sum += login.sealed_verifier.starts_with(prefix) ? 1U : 0U;
    return sum;
}

page_of<sealed_pair_record> database::list_sealed_with(const std::string& prefix, const std::string& cursor,
                                                       std::uint32_t limit) const {
    const sealed_cursor after(cursor);
    sealed_page out(prefix, limit);
    std::uint32_t seen = 0;
    if (after.among_kept()) {
        for (auto at = kept_.upper_bound(after.number()); at != kept_.end() && seen < limit; ++at, ++seen)
            out.add_kept(at->first, at->second.user.text(), at->second.version, at->second.sealed_tokens);
        return out.end_of_kept();
    }
    auto at = connections_.upper_bound(user_id::trusted(std::string(after.user())));
    for (; at != connections_.end() && seen < limit; ++at, ++seen)
        out.add_newest(at->first.text(), at->second.version, at->second.sealed_tokens);
    return out.end_of_newest();
}

std::uint64_t database::replace_sealed(const std::vector<resealed_pair>& pairs) {
    std::uint64_t found = 0;
    const auto replace = [&found](auto& row, const resealed_pair& one) {
        if (row.user != one.seen.user || row.version != one.seen.version
            || row.sealed_tokens != one.seen.sealed_tokens)
            return;
        row.sealed_tokens = one.sealed_anew;
        ++found;
    };
    for (const auto& one : pairs) {
        for (auto& [user, record] : connections_)
            replace(record, one);
        for (auto& [number, kept] : kept_)
            replace(kept, one);
    }
    return found;
}

void database::sweep(wall_time at) {
    std::erase_if(logins_, [at](const auto& one) { return one.second.expires_at <= at; });
    std::erase_if(keys_, [at](const auto& one) { return one.second.record.expires_at <= at; });
    std::erase_if(kept_, [at](const auto& one) { return one.second.kept_at <= at - week; });
    std::erase_if(webhook_notes_, [at](const auto& one) { return one.second <= at - week; });
    std::erase_if(leases_, [this](const auto& one) { return one.second.until <= now(); });
}

} // namespace gateway::simulation
