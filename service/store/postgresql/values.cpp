#include "store/postgresql/values.hpp"

#include "base/utf.hpp"

#include <charconv>
#include <libpq-fe.h>

namespace gateway::store {
namespace {

// The types of values in this store (pg_type.dat; these numbers never change).
constexpr unsigned kind_bytea = 17;
constexpr unsigned kind_int8 = 20;
constexpr unsigned kind_text = 25;
constexpr std::size_t int8_bytes = 8;

constexpr std::string_view replacement = "\xEF\xBF\xBD"; // U+FFFD

/// PostgreSQL's text is UTF-8 without NUL, and it refuses anything else. Such bytes in an input (an id in a
/// path, a text of TikTok) must not look like a failure of the store, so they are replaced, for writing and
/// for lookups.
std::string as_stored(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        const auto length = utf8_sequence(text);
        const bool good = length > 0 && text.front() != '\0';
        out += good ? text.substr(0, length) : replacement;
        text.remove_prefix(length > 0 ? length : 1);
    }
    return out;
}

bool is_storable(std::string_view text) {
    return is_utf8(text) && text.find('\0') == std::string_view::npos;
}

/// The most significant byte first.
std::string int8_of(std::int64_t value) {
    std::string bytes(int8_bytes, '\0');
    auto rest = static_cast<std::uint64_t>(value);
    for (std::size_t at = int8_bytes; at-- > 0; rest >>= 8)
        bytes[at] = static_cast<char>(rest & 0xff);
    return bytes;
}

std::int64_t number_of(std::string_view bytes) {
    std::uint64_t value = 0;
    for (const char byte : bytes)
        value = (value << 8) | static_cast<unsigned char>(byte);
    return static_cast<std::int64_t>(value);
}

rows::value read_value(const pg_result* result, int row, int column) {
    if (PQgetisnull(result, row, column) != 0 || PQfformat(result, column) != 1) return {};
    const std::string_view bytes{PQgetvalue(result, row, column),
                                 static_cast<std::size_t>(PQgetlength(result, row, column))};
    const unsigned kind = PQftype(result, column);
    if (kind == kind_int8 && bytes.size() == int8_bytes) return number_of(bytes);
    if (kind == kind_text || kind == kind_bytea) return std::string(bytes);
    return {};
}

} // namespace

postgresql_parameters::postgresql_parameters(const statement& of) {
    using kind = statement::parameter::kind;
    own_.reserve(of.parameters().size()); // values_ points into it, so it must not reallocate
    for (const auto& one : of.parameters()) {
        const std::string* bytes = &one.bytes;
        if (one.what == kind::number)
            bytes = &own_.emplace_back(int8_of(one.number));
        else if (one.what == kind::text && !is_storable(one.bytes))
            bytes = &own_.emplace_back(as_stored(one.bytes));
        kinds_.push_back(one.what == kind::number ? kind_int8
                         : one.what == kind::text ? kind_text
                                                  : kind_bytea);
        values_.push_back(bytes->data());
        lengths_.push_back(static_cast<int>(bytes->size()));
        formats_.push_back(1);
    }
}

rows read_rows(transaction& of, const pg_result* result) {
    const int columns = PQnfields(result), count = PQntuples(result);
    std::vector<rows::value> values;
    values.reserve(static_cast<std::size_t>(columns) * static_cast<std::size_t>(count));
    for (int row = 0; row < count; ++row)
        for (int column = 0; column < columns; ++column)
            values.push_back(read_value(result, row, column));
    // This release of libpq takes a non-const pointer, but does not change the result.
    const std::string_view text = PQcmdTuples(const_cast<pg_result*>(result));
    std::int64_t changed = 0;
    std::from_chars(text.data(), text.data() + text.size(), changed);
    return {of, static_cast<std::size_t>(columns), std::move(values), changed};
}

} // namespace gateway::store
