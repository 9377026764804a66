// Makes answers from the ledger for calls of a crashed process (I04), and the part of a batch's answer about
// one file. Pure.
#pragma once
#include "actions/rows.hpp"
#include "base/ids.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace gateway::actions {

/// For row::recovers. The outcome of the call that made this post, as far as the ledger shows: its answer, or
/// outcome_unknown. Empty if it certainly had no effect, so the call may be repeated. The post must not be
/// `begun` any more.
std::optional<outcome> outcome_of_upload(const store::post_record& post);
std::optional<outcome> outcome_of_post(const store::post_record& post);
std::optional<outcome> outcome_of_file(const store::post_record& post);

/// One file of a batch is at TikTok.
object file_answer(const publish_id& id);
/// `"successful":…,"publish_id":…,"error":…,"problem":…`: one of results[] without its file_name; also the
/// stored answer of this file's key. `what` holds a file_answer(), a failure or a replay. Gives the status.
int write_file_outcome(std::string& out, const outcome& what, std::string_view request_id);

} // namespace gateway::actions
