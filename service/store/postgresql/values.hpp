// Converts values for PostgreSQL and back. All values are sent in binary, so that no value is part of the SQL
// and bytes are not changed. Pure.
#pragma once
#include "store/statement.hpp"

#include <string>
#include <vector>

struct pg_result;

namespace gateway::store {

/// The parameters of one statement in libpq's form; refers to the statement.
class postgresql_parameters {
public:
    explicit postgresql_parameters(const statement& of);
    postgresql_parameters(const postgresql_parameters&) = delete;
    postgresql_parameters& operator=(const postgresql_parameters&) = delete;

    int count() const { return static_cast<int>(kinds_.size()); }
    const unsigned* kinds() const { return kinds_.data(); }
    const char* const* values() const { return values_.data(); }
    const int* lengths() const { return lengths_.data(); }
    const int* formats() const { return formats_.data(); }

private:
    std::vector<std::string> own_; // converted values
    std::vector<unsigned> kinds_;
    std::vector<const char*> values_;
    std::vector<int> lengths_, formats_;
};

rows read_rows(transaction& of, const pg_result* result);

} // namespace gateway::store
