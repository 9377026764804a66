#include "store/postgresql/values.hpp"

#include "base/text.hpp"
#include "base/utf.hpp"

#include <boost/endian/conversion.hpp>

#include <libpq-fe.h>

namespace gateway::store {
namespace {

// The types of values in this store (pg_type.dat; these numbers never change).
constexpr unsigned kind_bytea = 17;
constexpr unsigned kind_int8 = 20;
constexpr unsigned kind_text = 25;

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

std::string int8_of(std::int64_t value) {
    std::string bytes(sizeof(std::int64_t), '\0');
    boost::endian::store_big_s64(reinterpret_cast<unsigned char*>(bytes.data()), value);
    return bytes;
}

rows::value read_value(const pg_result* result, int row, int column) {
    if (PQgetisnull(result, row, column) != 0 || PQfformat(result, column) != 1) return {};
    const std::string_view bytes{PQgetvalue(result, row, column),
                                 static_cast<std::size_t>(PQgetlength(result, row, column))};
    const unsigned kind = PQftype(result, column);
    if (kind == kind_int8 && bytes.size() == sizeof(std::int64_t))
        return boost::endian::load_big_s64(reinterpret_cast<const unsigned char*>(bytes.data()));
    if (kind == kind_text || kind == kind_bytea) return std::string(bytes);
    return {};
}

} // namespace

postgresql_parameters::postgresql_parameters(const statement& of) {
    using kind = statement::parameter::kind;
    own.reserve(of.parameters().size()); // values points into it, so it must not reallocate
    for (const auto& one : of.parameters()) {
        const std::string* bytes = &one.bytes;
        if (one.what == kind::number)
            bytes = &own.emplace_back(int8_of(one.number));
        else if (one.what == kind::text && (!is_utf8(one.bytes) || one.bytes.find('\0') != one.bytes.npos))
            bytes = &own.emplace_back(as_stored(one.bytes));
        kinds.push_back(one.what == kind::number ? kind_int8
                        : one.what == kind::text ? kind_text
                                                 : kind_bytea);
        values.push_back(bytes->data());
        lengths.push_back(static_cast<int>(bytes->size()));
        formats.push_back(1);
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
    const auto changed = parse_number<std::int64_t>(PQcmdTuples(const_cast<pg_result*>(result))).value_or(0);
    return {of, static_cast<std::size_t>(columns), std::move(values), changed};
}

} // namespace gateway::store
