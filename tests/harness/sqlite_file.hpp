// Reads and changes the gateway's SQLite file while the gateway runs, like somebody who can write to it.
#pragma once
#include <string>

namespace harness {

/// Runs one statement and gives the first column of its first row; empty if there is none. Throws if it
/// fails.
std::string run_sqlite(const std::string& file, const std::string& sql);

} // namespace harness
