// One SQL statement with its parameters, and the resulting rows. The text is in PostgreSQL's syntax ($1, $2,
// ...), which every engine accepts; no value is part of it. Plain values; used on the store's thread.
#pragma once
#include "base/clock.hpp"
#include "base/ids.hpp"
#include "store/named_value.hpp"

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace gateway::store {

class transaction;

/// Marks a text that is stored as bytes.
template <class Text>
struct blob {
    explicit blob(Text& of) : bytes(of) {}
    Text& bytes;
};

/// The columns of a record, in the order of its SQL. For each stored record there is a function
/// `columns_of(row_of<its type> auto&)`, with which the record is bound and read.
template <class... Columns>
std::tuple<Columns...> columns(Columns&&... of) {
    return {std::forward<Columns>(of)...};
}
template <class Given, class Record>
concept row_of = std::same_as<std::remove_const_t<Given>, Record>;

class statement {
public:
    struct parameter {
        enum class kind : std::uint8_t { number, text, blob } what;
        std::int64_t number;
        std::string bytes;
    };

    /// `literal`: its address is the key in an engine's cache of prepared statements. `values`: the
    /// parameters $1, $2, ...; columns() are one parameter each.
    template <std::size_t Size, class... Values>
    explicit statement(const char (&literal)[Size], const Values&... values) : literal_(literal) {
        (add(values), ...);
    }
    /// A text composed at run time, which is not cached.
    static statement composed(std::string sql, std::vector<parameter> parameters = {});

    const char* sql() const { return literal_ != nullptr ? literal_ : composed_.c_str(); }
    bool is_literal() const { return literal_ != nullptr; }
    const std::vector<parameter>& parameters() const { return parameters_; }

private:
    statement() = default;

    void add(std::string_view value) {
        parameters_.push_back({parameter::kind::text, 0, std::string(value)});
    }
    template <class Text>
    void add(const blob<Text>& value) {
        parameters_.push_back({parameter::kind::blob, 0, std::string(value.bytes)});
    }
    void add(std::integral auto value) {
        parameters_.push_back({parameter::kind::number, static_cast<std::int64_t>(value), {}});
    }
    void add(wall_time value) { add(unix_ms(value)); }
    void add(milliseconds value) { add(value.count()); }
    template <class Meaning>
    void add(const named_text<Meaning>& value) {
        add(value.text());
    }
    void add(named_value auto value) { add(name_of(value)); }
    template <class... Columns>
    void add(const std::tuple<Columns...>& values) {
        std::apply([this](const auto&... each) { (this->add(each), ...); }, values);
    }

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

    /// Steps to the next row and reads its first columns; false at the end, or after an error.
    template <class... Values>
    bool next(Values&... into) {
        if (!step()) return false;
        (read(into), ...);
        return true;
    }
    /// The number of rows that the statement changed.
    std::int64_t changed() const { return changed_; }

    std::string next_text(); // text or bytes; moved out
    std::int64_t next_number();

private:
    bool step();
    template <class Stored>
    Stored next_value();

    void read(std::string& into) { into = next_text(); }
    void read(blob<std::string> into) { into.bytes = next_text(); }
    template <std::integral Number>
    void read(Number& into) {
        into = static_cast<Number>(next_number());
    }
    void read(wall_time& into) { into = from_unix_ms(next_number()); }
    void read(milliseconds& into) { into = milliseconds{next_number()}; }
    template <class Meaning>
    void read(named_text<Meaning>& into) {
        into = named_text<Meaning>::trusted(next_text());
    }
    template <named_value Value>
    void read(Value& into) {
        into = value_named<Value>(next_text());
    }
    template <class Record>
    requires requires(Record& of) { columns_of(of); }
    void read(Record& into) { read(columns_of(into)); }
    template <class... Columns>
    void read(std::tuple<Columns...> into) {
        std::apply([this](auto&... each) { (this->read(each), ...); }, into);
    }

    transaction* of_;
    std::size_t columns_ = 0;
    std::vector<value> values_;
    std::int64_t changed_ = 0;
    std::size_t row_end_ = 0; // of the current row, in values_; zero: before the first
    std::size_t at_ = 0;      // the next value
};

} // namespace gateway::store
