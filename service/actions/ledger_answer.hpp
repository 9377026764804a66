// Answers made from the ledger for a call whose process ended before it could answer (I04), and the part of
// an answer that tells of one file of a batch. Pure.
#pragma once
#include "actions/rows.hpp"
#include "base/ids.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace gateway::actions {

/// For row::recovers. How the call ended that made this post, as far as the ledger can tell: its answer, or
/// outcome_unknown. Empty: for certain nothing came of it, so the call may be made anew. The post is not
/// `begun` any more.
std::optional<outcome> outcome_of_upload(const store::post_record& post);
std::optional<outcome> outcome_of_post(const store::post_record& post);
std::optional<outcome> outcome_of_file(const store::post_record& post);

/// One file of a batch is at TikTok.
object file_answer(const publish_id& id);
/// `"successful":…,"publish_id":…,"error":…,"problem":…`: one of results[], but for its file_name; and what
/// the key of this file remembers. `what` holds a file_answer(), a failure or a replay. Gives the status.
int write_file_outcome(std::string& out, const outcome& what, std::string_view request_id);

} // namespace gateway::actions
