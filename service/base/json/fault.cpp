#include "base/json/fault.hpp"

#include "base/json/scan.hpp"
#include "base/json/strict.hpp"
#include "base/json/walk.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <set>
#include <vector>

namespace gateway {
namespace {

using maybe_fault = std::optional<json_fault>;

static_assert(max_json_depth == 32 && max_json_values == 10'000, "the sentences name both");
constexpr std::string_view too_deep = "objects and lists are nested deeper than 32 here";
constexpr std::string_view too_many = "here is one value more than the 10000 that are read";
constexpr std::string_view bad_number = "this is not how JSON writes a number (0.5, -12 and 1e3 are)";
constexpr std::string_view bad_value =
    "no value begins so; a text stands in double quotes, and the only words are true, false and null";

/// Checks what the grammar allows and parse_json() refuses, and remembers what the grammar may expect next.
class fault_sink : public json::null_sink {
public:
    fault_sink(std::string_view text, std::size_t max_values) : text_(text), max_values_(max_values) {}

    void on_key(std::size_t begin, std::string_view raw, std::size_t) {
        if (!keys_.back().insert(json_unescape(raw)).second)
            found(begin, "the same key stands twice in one object");
    }
    void on_open(std::size_t at, char bracket, std::size_t) {
        count(at);
        brackets_ += bracket;
        keys_.emplace_back();
    }
    void on_close(std::size_t end, std::size_t) {
        brackets_.pop_back();
        keys_.pop_back();
        value_end_ = end;
    }
    void on_scalar(std::size_t begin, std::size_t end, std::size_t) {
        count(begin);
        value_end_ = end;
        if (!fits(text_.substr(begin, end - begin))) found(begin, "this number fits no 64-bit type");
    }
    bool go_on() const { return !fault_; }

    const maybe_fault& fault() const { return fault_; }
    std::size_t value_end() const { return value_end_; } // of the last whole value; 0: none yet
    char bracket() const { return brackets_.empty() ? '\0' : brackets_.back(); } // the innermost open one
    std::size_t depth() const { return brackets_.size(); }

private:
    void found(std::size_t at, std::string_view cause) {
        if (!fault_) fault_ = json_fault{at, cause};
    }
    void count(std::size_t at) {
        if (++values_ > max_values_) found(at, too_many);
    }
    static bool fits(std::string_view scalar) {
        if (!is_digit(scalar.front()) && scalar.front() != '-') return true;
        if (json::is_integer(scalar))
            return parse_number<std::int64_t>(scalar) || parse_number<std::uint64_t>(scalar);
        return std::isfinite(std::strtod(std::string(scalar).c_str(), nullptr));
    }

    const std::string_view text_;
    const std::size_t max_values_;
    std::size_t values_ = 0;
    std::size_t value_end_ = 0;
    std::string brackets_;
    std::vector<std::set<std::string, std::less<>>> keys_; // of each open object
    maybe_fault fault_;
};

/// Why the string that begins at `quote` is none.
json_fault fault_in_string(std::string_view text, std::size_t quote) {
    const char* const end = text.data() + text.size();
    const char* at = json::skip_plain(text.data() + quote + 1, end);
    while (at != end) {
        const char* const next = json::token::special(at, end);
        if (!next) break;
        at = json::skip_plain(next, end);
    }
    const auto place = static_cast<std::size_t>(at - text.data());
    if (at == end) return {quote, "the text that begins here has no closing quote"};
    const auto byte = static_cast<unsigned char>(*at);
    if (byte >= 0x80) return {place, "this byte is not UTF-8"};
    if (byte != '\\')
        return {place, "a control character in a text must be written as an escape, as \\n or \\u0009"};
    if (json::token::code_unit(at, end) >= 0)
        return {place,
                "this \\u escape is half a character; the other half of the surrogate pair is missing"};
    return {place, "this is no escape; a backslash is written \\\\"};
}

/// The first character of the number at `begin` that cannot be one.
std::size_t end_of_number(std::string_view text, std::size_t begin) {
    std::size_t at = begin;
    const auto is = [&](auto allowed) { return at < text.size() && allowed(text[at]); };
    const auto skip_digits = [&] {
        while (is(is_digit))
            ++at;
    };
    if (is([](char c) { return c == '-'; })) ++at;
    skip_digits();
    if (is([](char c) { return c == '.'; })) {
        ++at;
        if (!is(is_digit)) return at;
        skip_digits();
    }
    if (is([](char c) { return c == 'e' || c == 'E'; })) ++at;
    if (is([](char c) { return c == '+' || c == '-'; })) ++at;
    return at;
}

/// No value is possible at `at`.
json_fault fault_of_value(std::string_view text, std::size_t at) {
    const char first = text[at];
    if (at == 0 && text.starts_with("\xef\xbb\xbf")) return {at, "it begins with a byte order mark"};
    if (first == '"') return fault_in_string(text, at);
    if (is_digit(first) || first == '-') return {end_of_number(text, at), bad_number};
    if (first == '+' || first == '.') return {at, bad_number};
    if (first == ',' || first == ':' || first == '}' || first == ']')
        return {at, "a value is missing before this"};
    return {at, bad_value};
}

/// A whole value has ended, and neither a comma nor the end of its object or list follows.
json_fault fault_behind_value(std::string_view text, std::size_t at, const fault_sink& so_far) {
    const char before = text[at - 1];
    const bool adjacent = so_far.value_end() == at;
    if (adjacent && (is_digit(before) || before == '.') && (is_alphanumeric(text[at]) || text[at] == '.'))
        return {at, bad_number};
    if (adjacent && is_alphanumeric(before) && is_alphanumeric(text[at])) return {at, bad_value};
    if (so_far.depth() == 0) return {at, "the JSON has ended before this"};
    return {at, so_far.bracket() == '{' ? "a comma or } is missing before this"
                                        : "a comma or ] is missing before this"};
}

/// In an object, where a key or its colon is due.
json_fault fault_of_key(std::string_view text, std::size_t at, char before) {
    if (before == '"') return {at, "a colon is missing before this"};
    if (text[at] == '"') return fault_in_string(text, at);
    if (text[at] == '}') return {at, "behind the last member there is a comma too many"};
    return {at, "a key must be a text in double quotes"};
}

json_fault fault_at_end(std::string_view text, const fault_sink& so_far) {
    if (so_far.depth() == 0) return {text.size(), "it is empty"};
    return {text.size(), so_far.bracket() == '{' ? "it ends inside of an object; a closing } is missing"
                                                 : "it ends inside of a list; a closing ] is missing"};
}

/// The parser stopped at `at`; all before it is good.
json_fault fault_of_grammar(std::string_view text, std::size_t at, std::size_t max_depth,
                            const fault_sink& so_far) {
    if (at >= text.size()) return fault_at_end(text, so_far);
    const auto last = text.substr(0, at).find_last_not_of(" \t\r\n");
    const char before = last == std::string_view::npos ? '\0' : text[last];
    const bool behind_value = so_far.value_end() != 0 && so_far.value_end() == last + 1;
    if (behind_value) return fault_behind_value(text, at, so_far);
    const bool deep = (text[at] == '{' || text[at] == '[') && so_far.depth() == max_depth;
    const bool key_due = so_far.bracket() == '{' && before != ':';
    if (key_due) return fault_of_key(text, at, before);
    if (deep) return {at, too_deep};
    if (before == ',' && text[at] == ']') return {at, "behind the last item there is a comma too many"};
    return fault_of_value(text, at);
}

} // namespace

std::optional<json_fault> find_json_fault(std::string_view text, std::size_t max_depth,
                                          std::size_t max_values) {
    fault_sink sink{text, max_values};
    json::walk<fault_sink> walk{text, max_depth, sink};
    const bool good = walk.run();
    if (sink.fault()) return sink.fault();
    if (good) return std::nullopt;
    return fault_of_grammar(text, walk.stopped_at(), max_depth, sink);
}

std::string place_in(std::string_view text, std::size_t at) {
    const auto before = text.substr(0, at);
    const auto line = 1 + std::count(before.begin(), before.end(), '\n');
    const auto start = before.rfind('\n'); // npos + 1 is 0
    return "line " + std::to_string(line) + ", byte " + std::to_string(at - (start + 1) + 1);
}

} // namespace gateway
