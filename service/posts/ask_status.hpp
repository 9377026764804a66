// Asks TikTok for the status of a post, and writes news of it into the ledger. For a call, and for looks
// without one.
#pragma once
#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/memory/worker_memory.hpp"
#include "base/result.hpp"
#include "runtime/task.hpp"
#include "store/post_record.hpp"
#include "tiktok/document.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace gateway::user_api {
class bound_api;
}

namespace gateway::posts {

class status_book;
enum class learned_by : std::uint8_t;

struct status_answer {
    tiktok::document raw; // TikTok's answer to pass on; empty if the ledger has the end
    worker_string status;
    std::string_view state;
    bool is_final = false; // nothing that is worth waiting for comes after it
    bool is_news = false;  // it differs from the ledger's row in what the ledger keeps
    std::string fail_reason;
    std::vector<std::string> post_ids; // the ledger's; TikTok's are in `raw`
};

/// What the ledger knows of a post.
status_answer answer_of_ledger(const store::post_record& known);

/// From TikTok, or from the ledger if that has a whole end; an end of the ledger is never replaced by an
/// older answer. `known`: the ledger's row, or null. All outlive it.
task<result<status_answer>> ask_status(user_api::bound_api& tiktok, status_book& book,
                                       const store::shared_post& known, const publish_id& id, learned_by how,
                                       wall_time now);

} // namespace gateway::posts
