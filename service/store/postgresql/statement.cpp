#include "store/postgresql/statement.hpp"

#include "base/utf.hpp"
#include "store/postgresql/connection.hpp"

#include <charconv>
#include <libpq-fe.h>

namespace gateway::store {
namespace {

// The kinds of value this store knows (pg_type.dat; these numbers never change).
constexpr unsigned kind_bytea = 17;
constexpr unsigned kind_int8 = 20;
constexpr unsigned kind_text = 25;
constexpr std::size_t int8_bytes = 8;

constexpr std::string_view replacement = "\xEF\xBF\xBD"; // U+FFFD

/// PostgreSQL's text is UTF-8 without NUL and it refuses everything else. What somebody made up (an id in a
/// path, a word of TikTok's) must not look like a store that fails; it is written and looked up alike.
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

} // namespace

statement& statement::text(std::string_view value) {
    const bool plain = is_utf8(value) && value.find('\0') == std::string_view::npos;
    parameters_.push_back({kind_text, plain ? std::string(value) : as_stored(value)});
    return *this;
}

statement& statement::blob(std::string_view value) {
    parameters_.push_back({kind_bytea, std::string(value)});
    return *this;
}

statement& statement::number(std::int64_t value) {
    std::string bytes(int8_bytes, '\0'); // the most significant one first
    auto rest = static_cast<std::uint64_t>(value);
    for (std::size_t at = int8_bytes; at-- > 0; rest >>= 8)
        bytes[at] = static_cast<char>(rest & 0xff);
    parameters_.push_back({kind_int8, std::move(bytes)});
    return *this;
}

void rows::give_back::operator()(pg_result* result) const {
    PQclear(result);
}

bool rows::next() {
    column_ = 0;
    return result_ && !at_->failed() && ++row_ < PQntuples(result_.get());
}

std::int64_t rows::changed() const {
    if (!result_) return 0;
    const std::string_view text = PQcmdTuples(result_.get());
    std::int64_t count = 0;
    std::from_chars(text.data(), text.data() + text.size(), count);
    return count;
}

std::string_view rows::field(bool number) {
    const int column = column_++;
    const auto* result = result_.get();
    const bool there = result && row_ >= 0 && row_ < PQntuples(result) && column < PQnfields(result)
                       && PQgetisnull(result, row_, column) == 0 && PQfformat(result, column) == 1;
    const unsigned kind = there ? PQftype(result, column) : 0;
    if (there && (number ? kind == kind_int8 : kind == kind_text || kind == kind_bytea))
        return {PQgetvalue(result, row_, column),
                static_cast<std::size_t>(PQgetlength(result, row_, column))};
    at_->refuse("a column is not what this program wrote");
    return {};
}

std::string rows::next_text() {
    return std::string(field(false));
}

std::int64_t rows::next_number() {
    const auto bytes = field(true);
    if (bytes.size() != int8_bytes) {
        at_->refuse("a number is not what this program wrote");
        return 0;
    }
    std::uint64_t value = 0;
    for (const char byte : bytes)
        value = (value << 8) | static_cast<unsigned char>(byte);
    return static_cast<std::int64_t>(value);
}

} // namespace gateway::store
