// Converts values for PostgreSQL and back. All values are sent in binary, so that no value is part of the SQL
// and bytes are not changed. Pure.
#pragma once
#include "store/statement.hpp"

#include <string>
#include <vector>

struct pg_result;

namespace gateway::store {

/// The parameters of one statement in libpq's form; refers to the statement.
struct postgresql_parameters {
    explicit postgresql_parameters(const statement& of);
    postgresql_parameters(const postgresql_parameters&) = delete;
    postgresql_parameters& operator=(const postgresql_parameters&) = delete;

    std::vector<std::string> own; // converted values
    std::vector<unsigned> kinds;
    std::vector<const char*> values;
    std::vector<int> lengths, formats;
};

rows read_rows(transaction& of, const pg_result* result);

} // namespace gateway::store
