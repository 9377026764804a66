// The ledger of posts and the first answers.
#include "deterministic/database.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace gateway::simulation {

using namespace store;

bool database::begin_post(const post_record& record, const std::string& owner) {
    if (!record.idempotency_key.empty()) {
        const auto held = keys_.find({record.caller, record.idempotency_key});
        if (held == keys_.end() || held->second.record.finished || held->second.owner != owner) return false;
    }
    if (!posts_.emplace(record.attempt, owned_post{record, owner}).second)
        throw std::logic_error("an attempt that was begun before");
    return true;
}

bool database::update_post(const post_record& record, const std::string& owner) {
    const auto found = posts_.find(record.attempt);
    const bool ends = record.state != post_state::begun;
    if (found == posts_.end()) return ends;
    auto& row = found->second.record;
    if (!ends && (row.state != post_state::begun || found->second.owner != owner)) return false;
    auto changed = record;
    if (row.state == post_state::settled) {
        changed.state = row.state;
        changed.status = row.status;
        changed.fail_reason = row.fail_reason;
        changed.post_ids = row.post_ids;
    }
    row = std::move(changed);
    return true;
}

told_end database::tell_post_status(const told_status& told) {
    if (!told.event_hash.empty() && webhook_notes_.contains(told.event_hash)) return told_end::told_before;
    const auto found = posts_.find(told.attempt);
    if (found == posts_.end() || found->second.record.status != told.seen_status
        || found->second.record.post_ids != told.seen_post_ids)
        return told_end::row_moved_on;
    auto& row = found->second.record;
    row.state = post_state::settled;
    row.status = told.status;
    row.fail_reason = told.fail_reason;
    row.post_ids = told.post_ids;
    row.updated_at = told.told_at;
    if (!told.event_hash.empty()) webhook_notes_[told.event_hash] = told.told_at;
    return told_end::written;
}

std::optional<post_record> database::find_post(const user_id* user, const publish_id& id) const {
    for (auto at = posts_.rbegin(); at != posts_.rend(); ++at)
        if (at->second.record.id == id && (user == nullptr || at->second.record.user == *user))
            return at->second.record;
    return std::nullopt;
}

std::optional<post_record> database::find_attempt(const std::string& attempt) const {
    const auto found = posts_.find(attempt);
    if (found == posts_.end()) return std::nullopt;
    return found->second.record;
}

std::vector<post_record> database::posts_since(wall_time since) const {
    std::vector<post_record> out;
    for (auto at = posts_.lower_bound(ulid_floor(since)); at != posts_.end(); ++at)
        out.push_back(at->second.record);
    return out;
}

page_of<post_record> database::list_posts(const user_id& user, const std::string& cursor,
                                          std::uint32_t limit) const {
    page_of<post_record> out;
    for (auto at = posts_.rbegin(); at != posts_.rend(); ++at) {
        if (at->second.record.user != user || (!cursor.empty() && at->first >= cursor)) continue;
        if (out.rows.size() == limit) {
            out.next = out.rows.back().attempt;
            break;
        }
        out.rows.push_back(at->second.record);
    }
    return out;
}

std::string database::claim_draft(const user_id& user, const publish_id& draft, const std::string& attempt) {
    return draft_claims_.emplace(std::pair{user, draft}, attempt).first->second;
}

void database::release_draft(const user_id& user, const publish_id& draft, const std::string& attempt) {
    const auto found = draft_claims_.find({user, draft});
    if (found != draft_claims_.end() && found->second == attempt) draft_claims_.erase(found);
}

std::vector<post_record> database::abandoned_posts(const std::string& heir, milliseconds heir_max,
                                                   std::uint32_t limit) {
    std::vector<post_record> out;
    for (auto& [attempt, row] : posts_) {
        if (row.record.state != post_state::begun || is_alive(row.owner)) continue;
        if (out.size() == limit) break;
        out.push_back(row.record);
        row.owner = heir;
    }
    if (!out.empty()) be_alive(heir, heir_max);
    return out;
}

std::optional<idempotency_record> database::claim_key(const idempotency_record& record,
                                                      const std::string& owner, wall_time at) {
    const key_name name{record.caller, record.key};
    const auto found = keys_.find(name);
    if (found != keys_.end() && found->second.record.expires_at > at) return found->second.record;
    keys_[name] = {record, owner};
    return std::nullopt;
}

void database::finish_key(const idempotency_record& record, const std::string& owner) {
    const auto found = keys_.find({record.caller, record.key});
    const auto& by = record.owner.empty() ? owner : record.owner;
    if (found == keys_.end() || found->second.record.finished || found->second.owner != by
        || found->second.record.claim != record.claim)
        return;
    auto& row = found->second.record;
    row.finished = true;
    row.status = record.status;
    row.answer = record.answer;
    row.expires_at = record.expires_at;
}

void database::forget_key(const idempotency_record& record, const std::string& owner) {
    const auto found = keys_.find({record.caller, record.key});
    const auto& by = record.owner.empty() ? owner : record.owner;
    if (found != keys_.end() && !found->second.record.finished && found->second.owner == by
        && found->second.record.claim == record.claim)
        keys_.erase(found);
}

std::optional<post_record> database::find_post_of(const idempotency_record& key) const {
    for (auto at = posts_.rbegin(); at != posts_.rend(); ++at) {
        const auto& post = at->second.record;
        if (post.caller == key.caller && post.idempotency_key == key.key && !key.key.empty()
            && post.created_at >= key.created_at)
            return post;
    }
    return std::nullopt;
}

std::vector<abandoned_key> database::abandoned_keys(const std::string& heir, milliseconds heir_max,
                                                    std::uint32_t limit) {
    std::vector<owned_key*> left;
    for (auto& [name, row] : keys_) {
        if (row.record.finished || is_alive(row.owner)) continue;
        const bool waits = std::any_of(posts_.begin(), posts_.end(), [&row = row](const auto& one) {
            const auto& post = one.second.record;
            return post.caller == row.record.caller && post.idempotency_key == row.record.key
                   && post.created_at >= row.record.created_at && post.state == post_state::begun;
        });
        if (!waits) left.push_back(&row);
    }
    std::stable_sort(left.begin(), left.end(), [](const auto* a, const auto* b) {
        return a->record.created_at < b->record.created_at;
    });
    if (left.size() > limit) left.resize(limit);
    std::vector<abandoned_key> out;
    for (auto* row : left) {
        row->owner = heir;
        out.push_back({row->record, find_post_of(row->record)});
        out.back().key.owner = heir;
    }
    if (!out.empty()) be_alive(heir, heir_max);
    return out;
}

} // namespace gateway::simulation
