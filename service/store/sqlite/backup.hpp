// A copy of a SQLite store in one file, made while a gateway may have it open and write. Blocks; for a
// command.
#pragma once
#include "base/result.hpp"

#include <string>

namespace gateway::store {

/// Copies what is durable when it begins into `into`, which must not be there and is made for this user alone
/// (0600). It is on the disk on return; after a failure there is no file. invalid_input, with a sentence for
/// the operator.
result<void> back_up_sqlite(const std::string& from, const std::string& into);

} // namespace gateway::store
