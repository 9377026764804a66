// The schema of both engines as numbered steps, each done once. A released step is never changed; the next
// change is a new step. A step only adds, with defaults, so that the previous version of the program can
// still read and write (K07); removals follow one version later. Pure.
#pragma once
#include <span>
#include <string>
#include <string_view>

namespace gateway::store {

/// In SQLite's syntax.
std::span<const char* const> schema_steps();
/// The same step in PostgreSQL's syntax.
std::string for_postgresql(std::string_view step);

/// The schema this program writes.
inline int schema_version() {
    return static_cast<int>(schema_steps().size());
}
/// A program must support at least this schema to use a database of this one.
constexpr int oldest_reader = 6;

} // namespace gateway::store
