// The schema of both engines as numbered steps, each done once. A step that has shipped is never changed; the
// next change is a new step. A step only adds, with defaults, so that the program before it can still read
// and write (K07); what has to go, goes one version later. Pure.
#pragma once
#include <span>
#include <string>
#include <string_view>

namespace gateway::store {

/// As SQLite takes them.
std::span<const char* const> schema_steps();
/// The same step in PostgreSQL's words.
std::string for_postgresql(std::string_view step);

/// The schema this program writes.
int schema_version();
/// The oldest schema a program must know to work on what this one writes.
constexpr int oldest_reader = 2;

} // namespace gateway::store
