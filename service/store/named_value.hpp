// Enumerations that are stored as the name of their value: `names_of` gives the names of all values, in
// order; an unknown name is read as the last value, which is the safest one. Pure.
#pragma once
#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

namespace gateway::store {

template <class Value>
concept named_value = requires(Value of) {
    names_of(of);
};

template <named_value Value>
constexpr std::string_view name_of(Value of) {
    return names_of(of).at(static_cast<std::size_t>(of));
}

template <named_value Value>
constexpr Value value_named(std::string_view name) {
    const auto names = names_of(Value{});
    const auto found = std::find(names.begin(), names.end() - 1, name);
    return static_cast<Value>(found - names.begin());
}

} // namespace gateway::store
