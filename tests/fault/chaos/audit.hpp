// What must be true once a chaos campaign is over, each promise checked by a function of its own: the answers
// of the replicas against TikTok's history.
#pragma once
#include "fault/chaos/findings.hpp"
#include "fault/chaos/load.hpp"
#include "fault/chaos/replica_set.hpp"
#include "fault/chaos/tiktok_truth.hpp"
#include "fault/chaos/user_book.hpp"

#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace fault {

class audit {
public:
    /// All replicas run, and nobody else calls them.
    audit(harness::world& w, const replica_set& replicas, findings& found);

    /// Before any stored time is moved.
    void look_at_windows();
    void look_at_keys(const std::vector<remembered_write>& writes);
    void look_at_users(const std::vector<chaos_user>& users);
    void look_at_ledger(const std::vector<chaos_user>& users);

private:
    struct row {
        std::string publish_id, state, text;
    };
    tiktok_truth truth() const;
    /// Asks until the answer means something, or the patience is over.
    harness::answer ask_until_final(const load::call_function& ask, gateway::milliseconds patience) const;
    harness::answer last_word_on(const keyed_call& what) const;

    void judge_key(const remembered_write& known, const harness::answer& got, const tiktok_truth& by);
    void check_one_post(const remembered_write& known, const tiktok_truth& by);
    void check_answer_stays(const remembered_write& known, const harness::answer& got);
    void check_doubt_ends(const remembered_write& known, const harness::answer& got, const tiktok_truth& by);

    void judge_lost_user(const chaos_user& who, const std::string& told, const tiktok_truth& by);

    std::vector<row> rows_of(const std::string& user) const;
    void ask_for_open_ends(const chaos_user& who);
    void judge_rows(const chaos_user& who, const std::vector<row>& rows, const tiktok_truth& by);
    void judge_row(const chaos_user& who, const row& one, const tiktok_truth& by);

    harness::world& w_;
    const replica_set& replicas_;
    findings& found_;
    std::mutex lock_;
    std::set<std::string> rows_not_asked_; // publish_ids whose status could not be asked; behind lock_
};

/// Calls `each` for every number below `count`, from a few threads.
void for_each_at_once(std::size_t count, const std::function<void(std::size_t)>& each);

} // namespace fault
