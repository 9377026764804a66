#include "base/json/scan.hpp"

#include "base/json/walk.hpp"

#include <boost/json/parse.hpp>

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace gateway {
namespace {

/// The relevant members, at the depth where they count.
enum class member : unsigned char { other, data, error, code, message, log_id };

class answer_sink : public json::null_sink {
public:
    explicit answer_sink(std::string_view text) : text_(text) {}

    void on_key(std::size_t, std::string_view raw, std::size_t depth) {
        if (may_be_credential(raw)) answer_.may_name_credentials = true;
        if (depth == 1)
            top_ = name_at_top(raw);
        else if (depth == 2 && top_ == member::error)
            inner_ = name_in_error(raw);
        else
            return;
        const member now = depth == 1 ? top_ : inner_;
        if (now == member::other) return;
        const auto bit = 1U << static_cast<unsigned>(now);
        twice_ = twice_ || (seen_ & bit) != 0;
        seen_ |= bit;
    }

    void on_open(std::size_t at, char bracket, std::size_t depth_outside) {
        if (depth_outside == 0) is_object_ = bracket == '{';
        if (depth_outside == 1) top_begin_ = at;
        if (depth_outside == 2) inner_begin_ = at;
    }

    void on_close(std::size_t end, std::size_t depth_outside) {
        if (depth_outside == 1) ended(top_begin_, end, 1);
        if (depth_outside == 2) ended(inner_begin_, end, 2);
    }

    void on_scalar(std::size_t begin, std::size_t end, std::size_t depth) { ended(begin, end, depth); }

    bool go_on() const { return !twice_; }
    bool is_object() const { return is_object_; }
    const scanned_answer& answer() const { return answer_; }

private:
    static bool escaped(std::string_view raw) { return raw.find('\\') != std::string_view::npos; }
    /// The size is known at compile time, so that the comparison is inlined.
    template <std::size_t size>
    static bool ends(std::string_view text, const char (&with)[size]) {
        constexpr std::size_t length = size - 1;
        return text.size() >= length && std::memcmp(text.data() + text.size() - length, with, length) == 0;
    }
    template <std::size_t size>
    static bool is(std::string_view text, const char (&name)[size]) {
        return text.size() == size - 1 && ends(text, name);
    }
    // An escaped letter counts as the letter, but is longer.
    static bool may_be_credential(std::string_view raw) {
        if (raw.size() < 10) return false; // `upload_url`; `access_token` and `refresh_token` are longer
        return ends(raw, "upload_url") || ends(raw, "_token") || escaped(raw);
    }
    static member named_at_top(std::string_view name) {
        if (is(name, "data")) return member::data;
        return is(name, "error") ? member::error : member::other;
    }
    static member named_in_error(std::string_view name) {
        if (is(name, "code")) return member::code;
        if (is(name, "message")) return member::message;
        return is(name, "log_id") ? member::log_id : member::other;
    }
    static member name_at_top(std::string_view raw) {
        return raw.size() > 5 && escaped(raw) ? named_at_top(json_unescape(raw)) : named_at_top(raw);
    }
    static member name_in_error(std::string_view raw) {
        return raw.size() > 7 && escaped(raw) ? named_in_error(json_unescape(raw)) : named_in_error(raw);
    }

    void ended(std::size_t begin, std::size_t end, std::size_t depth) {
        const std::string_view value = text_.substr(begin, end - begin);
        if (depth == 1) {
            if (top_ == member::data) answer_.data = value;
            if (top_ == member::error) answer_.error = value;
            top_ = member::other;
        } else if (depth == 2 && top_ == member::error) {
            const bool quoted = value.front() == '"';
            const std::string_view plain = quoted ? value.substr(1, value.size() - 2) : value;
            if (inner_ == member::code) answer_.error_code = plain;
            if (inner_ == member::message) answer_.error_message = plain;
            if (inner_ == member::log_id) answer_.error_log_id = plain;
            inner_ = member::other;
        }
    }

    std::string_view text_;
    scanned_answer answer_;
    member top_ = member::other;
    member inner_ = member::other;
    std::size_t top_begin_ = 0;
    std::size_t inner_begin_ = 0;
    unsigned seen_ = 0;
    bool twice_ = false;
    bool is_object_ = false;
};

class counting_sink : public json::null_sink {
public:
    counting_sink(std::string_view text, std::size_t max_values) : text_(text), max_values_(max_values) {}

    void on_key(std::size_t, std::string_view, std::size_t) { ++counts_.members; }
    void on_open(std::size_t, char, std::size_t) { ++counts_.values; }
    void on_scalar(std::size_t begin, std::size_t end, std::size_t) {
        ++counts_.values;
        if (!fits(text_.substr(begin, end - begin))) counts_.integer_out_of_range = true;
    }
    bool go_on() const { return counts_.values <= max_values_; }
    const json_counts& counts() const { return counts_; }

private:
    static bool fits(std::string_view scalar) {
        return scalar.size() < 19 || !json::is_integer(scalar) || parse_number<std::int64_t>(scalar)
               || parse_number<std::uint64_t>(scalar);
    }

    std::string_view text_;
    std::size_t max_values_;
    json_counts counts_;
};

} // namespace

std::optional<scanned_answer> scan_answer(std::string_view text) {
    answer_sink sink{text};
    json::walk<answer_sink> walk{text, max_json_depth, sink};
    if (!walk.run() || !sink.is_object()) return std::nullopt;
    return sink.answer();
}

std::optional<json_counts> count_json(std::string_view text, std::size_t max_depth, std::size_t max_values) {
    counting_sink sink{text, max_values};
    json::walk<counting_sink> walk{text, std::min<std::size_t>(max_depth, 64), sink};
    if (!walk.run()) return std::nullopt;
    return sink.counts();
}

std::string json_unescape(std::string_view raw) {
    if (raw.find('\\') == std::string_view::npos) return std::string(raw); // the usual case
    boost::json::error_code ec;
    const auto value = boost::json::parse('"' + std::string(raw) + '"', ec);
    if (ec) return std::string(raw);
    return {value.get_string().data(), value.get_string().size()};
}

} // namespace gateway
