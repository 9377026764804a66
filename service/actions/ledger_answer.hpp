// Answers that do not come from the call itself: made from the ledger for a call whose process ended before
// it could answer (I04), and the part of an answer that tells of one file of a batch. Pure.
#pragma once
#include "base/ids.hpp"
#include "base/result.hpp"
#include "store/store.hpp"

#include <string>
#include <string_view>

namespace gateway::actions {

/// `"successful":…,"publish_id":…,"error":…,"problem":…`: one of results[], but for its file_name.
std::string file_outcome_json(const result<publish_id>& done, std::string_view request_id);

/// How the call ended that held this key, as far as the ledger can tell: its answer, or outcome_unknown,
/// filled in as the call itself would have. `false`: for certain nothing came of it, so the call may be made
/// anew. Its attempt is not `begun` any more.
bool answer_from_ledger(store::abandoned_key& one);

} // namespace gateway::actions
