// One SQL statement with its parameters, and the rows that came back. Everything travels in binary, so that
// no value is ever part of the SQL and bytes stay what they are. Plain values; used on the store's thread.
#pragma once
#include "base/clock.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

struct pg_result;

namespace gateway::store {

class postgresql_connection;

/// Parameters are given in order: $1, $2, ...
class statement {
public:
    struct parameter {
        unsigned kind; // PostgreSQL's number of the type
        std::string bytes;
    };

    explicit statement(std::string sql) : sql_(std::move(sql)) {}

    statement& text(std::string_view value);
    statement& blob(std::string_view value);
    statement& number(std::int64_t value);
    statement& number(std::uint64_t value) { return number(static_cast<std::int64_t>(value)); }
    statement& time(wall_time value) { return number(unix_ms(value)); }

    const std::string& sql() const { return sql_; }
    const std::vector<parameter>& parameters() const { return parameters_; }

private:
    std::string sql_;
    std::vector<parameter> parameters_;
};

/// Columns are read in order. What is not of the kind asked for is never guessed at: it fails the job.
class rows {
public:
    rows(postgresql_connection& at, pg_result* result) : at_(&at), result_(result) {}

    /// Steps to the next row; false at the end or on an error.
    bool next();
    /// How many rows the statement changed.
    std::int64_t changed() const;

    std::string next_text(); // text or bytes
    std::int64_t next_number();
    std::uint64_t next_count() { return static_cast<std::uint64_t>(next_number()); }
    wall_time next_time() { return from_unix_ms(next_number()); }

private:
    struct give_back {
        void operator()(pg_result* result) const;
    };
    std::string_view field(bool number);

    postgresql_connection* at_;
    std::unique_ptr<pg_result, give_back> result_;
    int row_ = -1;
    int column_ = 0;
};

} // namespace gateway::store
