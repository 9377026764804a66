// Makes answers from the ledger for calls of a crashed process (I04), and the part of a batch's answer about
// one file. Pure.
#pragma once
#include "actions/rows.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace gateway::posts {
struct upload_answer;
}

namespace gateway::actions {

/// For row::recovers. The outcome of the call that made this post, as far as the ledger shows: its answer,
/// post_failed, or outcome_unknown with the post's id if that is known. Empty if a crashed call certainly had
/// no effect, so it may be repeated.
std::optional<outcome> outcome_of_upload(const store::post_record& post, api::asked_of_ledger when);
std::optional<outcome> outcome_of_post(const store::post_record& post, api::asked_of_ledger when);
std::optional<outcome> outcome_of_file(const store::post_record& post, api::asked_of_ledger when);

/// One file of a batch is at TikTok.
object file_answer(const posts::upload_answer& of);
/// `"successful":…,"publish_id":…,"error":…,"problem":…`, with `privacy_level` if it succeeded, and
/// `warnings` or `status_path` if there are any: one of results[] without its file_name; also the stored
/// answer of this file's key. `what` holds a file_answer(), a failure or a replay. Gives the status.
int write_file_outcome(std::string& out, const outcome& what, std::string_view request_id);

} // namespace gateway::actions
