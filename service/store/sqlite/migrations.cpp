#include "store/sqlite/migrations.hpp"

#include "store/schema.hpp"
#include "store/sqlite/database.hpp"

#include <string>

namespace gateway::store {
namespace {

// "tkgw": marks the file as a store of this program.
constexpr std::int64_t application_id = 0x746b6777;

std::int64_t number_of(sqlite_database& at, const statement& asked) {
    auto found = at.step(asked);
    return found.next() ? found.next_number() : 0;
}

failure refused(std::string message) {
    return failure{errc::vault_unavailable, std::move(message)};
}

} // namespace

result<std::int64_t> judge_schema(sqlite_database& at) {
    const auto program = number_of(at, statement{"PRAGMA application_id"});
    const auto version = number_of(at, statement{"PRAGMA user_version"});
    const auto tables = number_of(at, statement{"SELECT count(*) FROM sqlite_schema"});
    if (at.failed()) return refused("The store cannot be read: " + at.error());
    if (program != application_id && (tables > 0 || version != 0 || program != 0))
        return refused("The store's file belongs to another program; it was not touched.");
    if (version > schema_version())
        return refused("The store has schema " + std::to_string(version) + " and this program knows "
                       + std::to_string(schema_version()) + "; run the newer program. Nothing was touched.");
    return version;
}

result<std::int64_t> migrate(sqlite_database& at) {
    const auto found = judge_schema(at);
    if (!found) return found.error();
    for (auto version = *found; version < schema_version(); ++version) {
        const std::string header = "PRAGMA application_id=" + std::to_string(application_id)
                                   + ";PRAGMA user_version=" + std::to_string(version + 1) + ";";
        at.execute("BEGIN IMMEDIATE");
        at.execute(schema_steps()[static_cast<std::size_t>(version)]);
        at.execute(header.c_str());
        at.execute("COMMIT");
        if (at.failed())
            return refused("The store's schema could not be brought to " + std::to_string(version + 1) + ": "
                           + at.error());
    }
    return schema_version();
}

} // namespace gateway::store
