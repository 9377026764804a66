// Answers that do not come from the call itself: made from the ledger for a call whose process ended before
// it could answer (I04), and the part of an answer that tells of one file of a batch. Pure.
#pragma once
#include "actions/answer.hpp"
#include "base/ids.hpp"
#include "base/result.hpp"
#include "store/records.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace gateway::actions {

/// `"successful":…,"publish_id":…,"error":…,"problem":…`: one of results[], but for its file_name.
std::string file_outcome_json(const result<publish_id>& done, std::string_view request_id);

/// The name under which one file of a batch has its own first answer, and whether a key is such a name: a
/// control character cannot stand in a caller's key.
std::string key_of_file(std::string_view key, std::size_t index);
bool is_key_of_file(std::string_view key);

/// How the call ended that made this attempt, as far as the ledger can tell: its answer, or outcome_unknown.
/// Empty: for certain nothing came of it, so the call may be made anew. The attempt is not `begun` any more.
std::optional<result<answer>> answer_from_ledger(const store::post_record& post);

} // namespace gateway::actions
