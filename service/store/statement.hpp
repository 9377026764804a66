// One SQL statement with its parameters, and the resulting rows. The text is in PostgreSQL's syntax ($1, $2,
// ...), which every engine accepts; no value is part of it. Plain values; used on the store's thread.
#pragma once
#include "base/clock.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace gateway::store {

class transaction;

/// Parameters are given in order: $1, $2, ... Name a statement before a co_await; do not make it inside one
/// (gcc 12).
class statement {
public:
    struct parameter {
        enum class kind : std::uint8_t { number, text, blob } what;
        std::int64_t number;
        std::string bytes;
    };

    /// A literal, whose address is its key in an engine's cache of prepared statements.
    template <std::size_t Size>
    explicit statement(const char (&literal)[Size]) : literal_(literal) {}
    /// A text composed at run time, which is not cached.
    static statement composed(std::string sql);

    statement& text(std::string_view value);
    statement& blob(std::string_view value);
    statement& number(std::int64_t value);
    statement& number(std::uint64_t value) { return number(static_cast<std::int64_t>(value)); }
    statement& time(wall_time value) { return number(unix_ms(value)); }
    statement& length(milliseconds value) { return number(std::int64_t{value.count()}); }

    const char* sql() const { return literal_ != nullptr ? literal_ : composed_.c_str(); }
    bool is_literal() const { return literal_ != nullptr; }
    const std::vector<parameter>& parameters() const { return parameters_; }

private:
    statement() = default;

    const char* literal_ = nullptr;
    std::string composed_;
    std::vector<parameter> parameters_;
};

/// All rows are read before the first is used. Columns are read in order, each once. A value of another type
/// than expected makes the unit fail. Lives no longer than its transaction.
class rows {
public:
    /// `monostate`: null, or a type that this program never writes.
    using value = std::variant<std::monostate, std::int64_t, std::string>;

    explicit rows(transaction& of) : of_(&of) {} // none
    /// For engines: all values, row by row.
    rows(transaction& of, std::size_t columns, std::vector<value> values, std::int64_t changed)
        : of_(&of), columns_(columns), values_(std::move(values)), changed_(changed) {}

    /// Steps to the next row; false at the end, or after an error.
    bool next();
    /// The number of rows that the statement changed.
    std::int64_t changed() const { return changed_; }

    std::string next_text(); // text or bytes; moved out
    std::int64_t next_number();
    std::uint64_t next_count() { return static_cast<std::uint64_t>(next_number()); }
    wall_time next_time() { return from_unix_ms(next_number()); }

private:
    value* next_value();

    transaction* of_;
    std::size_t columns_ = 0;
    std::vector<value> values_;
    std::int64_t changed_ = 0;
    std::size_t row_end_ = 0; // of the current row, in values_; zero: before the first
    std::size_t at_ = 0;      // the next value
};

} // namespace gateway::store
