#include "base/json/members.hpp"

#include "base/json/scan.hpp"
#include "base/json/walk.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <cstddef>

namespace gateway {
namespace {

/// A sink that reports the members or elements at the top of one object or array.
template <class Observer>
class top_sink : public json::null_sink {
public:
    top_sink(std::string_view text, Observer observer) : text_(text), observer_(observer) {}

    void on_key(std::size_t, std::string_view raw, std::size_t depth) {
        if (depth == 1) key_ = raw;
    }
    void on_open(std::size_t at, char, std::size_t depth_outside) {
        if (depth_outside == 1) begin_ = at;
    }
    void on_close(std::size_t end, std::size_t depth_outside) {
        if (depth_outside == 1) observer_(key_, text_.substr(begin_, end - begin_));
    }
    void on_scalar(std::size_t begin, std::size_t end, std::size_t depth) {
        if (depth == 1) observer_(key_, text_.substr(begin, end - begin));
    }

private:
    std::string_view text_;
    Observer observer_;
    std::string_view key_;
    std::size_t begin_ = 0;
};

/// Calls told(key, value) for each member, or for each element with an empty key.
template <class Observer>
void look_through(std::string_view text, Observer observer) {
    top_sink<Observer> sink{text, observer};
    json::walk<top_sink<Observer>> walk{text, max_json_depth, sink};
    walk.run();
}

} // namespace

void find_members(std::string_view object, std::span<const std::string_view> wanted,
                  std::span<std::string_view> values) {
    std::fill(values.begin(), values.end(), std::string_view{});
    if (!object.starts_with('{')) return;
    const auto keep = [&](std::string_view key, std::string_view value) {
        for (std::size_t i = 0; i < wanted.size(); ++i)
            if (key == wanted[i]) values[i] = value;
    };
    look_through(object, [&](std::string_view key, std::string_view value) {
        if (key.find('\\') != std::string_view::npos)
            keep(json_unescape(key), value);
        else
            keep(key, value); // the usual case
    });
}

std::vector<std::string_view> json_elements(std::string_view value) {
    std::vector<std::string_view> all;
    if (!value.starts_with('['))
        all.push_back(value);
    else
        look_through(value, [&](std::string_view, std::string_view one) { all.push_back(one); });
    return all;
}

std::string json_text(std::string_view value) {
    if (value.starts_with('"')) return json_unescape(value.substr(1, value.size() - 2));
    if (const auto number = parse_number<std::int64_t>(value)) return std::to_string(*number);
    if (const auto number = parse_number<std::uint64_t>(value)) return std::to_string(*number);
    return {};
}

worker_string json_short_text(std::string_view value) {
    const bool plain = value.starts_with('"') && value.find('\\') == std::string_view::npos;
    return worker_string(plain ? value.substr(1, value.size() - 2) : std::string_view(json_text(value)));
}

std::optional<std::uint64_t> json_count(std::string_view value) {
    return parse_number<std::uint64_t>(value);
}

} // namespace gateway
