#include "settings/readers.hpp"

#include "base/secret_text.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>

namespace gateway::settings {

namespace {

bool has_control_character(const std::string& text) {
    for (const char letter : text)
        if (static_cast<unsigned char>(letter) < 0x20 || letter == 0x7f) return true;
    return false;
}

std::string between(bounds within, const char* what) {
    const auto shown = [](double number) {
        return number == std::floor(number) ? std::to_string(static_cast<std::int64_t>(number))
                                            : std::to_string(number);
    };
    return std::string("must be ") + what + " from " + shown(within.min) + " to " + shown(within.max);
}

/// What people write beside the number.
std::string hint_on(std::string_view text) {
    if (text.size() > 1 && (text.front() == '"' || text.front() == '\''))
        return "; the quotes belong to the value here, leave them out";
    constexpr std::string_view units[] = {"ms", "s",  "m",  "h",  "d",   "K",   "k",  "M",
                                          "G",  "KB", "MB", "GB", "KiB", "MiB", "GiB"};
    const auto unit = text.substr(std::min(text.find_first_not_of("0123456789. "), text.size()));
    if (text.size() > unit.size() && std::find(std::begin(units), std::end(units), unit) != std::end(units))
        return "; the name of the setting has its unit, leave that out here";
    return {};
}

template <class Number>
std::string read_as(Number& into, const YAML::Node& value, bounds within, const char* what) {
    const auto number = value.IsScalar() ? parse_number<Number>(value.Scalar()) : std::nullopt;
    const auto as_double = static_cast<double>(number.value_or(Number{}));
    if (!number || !(as_double >= within.min && as_double <= within.max))
        return between(within, what) + (value.IsScalar() ? hint_on(value.Scalar()) : std::string{});
    into = *number;
    return {};
}

} // namespace

std::string read_text(std::string& into, const YAML::Node& value) {
    if (!value.IsScalar()) return "must be one text";
    if (has_control_character(value.Scalar())) return "must hold no control character";
    into = value.Scalar();
    return {};
}

std::string read_word(std::string& into, const YAML::Node& value) {
    if (!value.IsScalar()) return "must be one text";
    const auto text = without_line_ends(value.Scalar());
    if (const auto wrong = why_no_secret(text); !wrong.empty()) return std::string(wrong);
    into = text;
    return {};
}

std::string read_secret(secret& into, const YAML::Node& value) {
    std::string text;
    std::string wrong = read_word(text, value);
    if (wrong.empty()) into = secret{std::move(text)};
    return wrong;
}

std::string read_flag(bool& into, const YAML::Node& value) {
    const std::string text = value.IsScalar() ? value.Scalar() : std::string{};
    if (text != "true" && text != "false") return "must be true or false";
    into = text == "true";
    return {};
}

std::string read_texts(std::vector<std::string>& into, const YAML::Node& value) {
    if (!value.IsSequence()) return "must be a list, such as [a, b]";
    std::vector<std::string> texts;
    for (const auto& item : value) {
        std::string text;
        if (const auto wrong = read_text(text, item); !wrong.empty() || text.empty())
            return "must be a list of texts, none of them empty";
        texts.push_back(std::move(text));
    }
    into = std::move(texts);
    return {};
}

std::string read_map(std::map<std::string, std::string>& into, const YAML::Node& value) {
    if (!value.IsMap()) return "must be a list of `name: value` lines";
    std::map<std::string, std::string> pairs;
    for (const auto& item : value) {
        std::string name, text;
        if (!read_text(name, item.first).empty() || !read_text(text, item.second).empty() || name.empty())
            return "must be a list of `name: value` lines";
        if (!pairs.emplace(name, text).second) return "names " + name + " twice";
    }
    into = std::move(pairs);
    return {};
}

std::string read_bounded(std::uint64_t& into, const YAML::Node& value, bounds within) {
    return read_as(into, value, within, "a whole number");
}

std::string read_bounded(double& into, const YAML::Node& value, bounds within) {
    return read_as(into, value, within, "a number");
}

} // namespace gateway::settings
