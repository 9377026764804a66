// The parts of wrong_values, one per kind.
#pragma once
#include "tables/wrong_values.hpp"

#include <boost/json/value.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace tables {

/// A valid file_id and a valid URL.
inline constexpr const char* good_file = "file_01JD0000000000000000000000";
inline constexpr const char* good_url = "https://a.example/1.jpg";

inline boost::json::value text(std::string_view utf8) {
    return boost::json::string(utf8);
}
inline std::string bounds(const input_shape& of) {
    return "from " + std::to_string(of.min) + " to " + std::to_string(of.max);
}

std::vector<wrong_value> wrong_texts(const input_shape& of);
std::vector<wrong_value> wrong_integers(const input_shape& of);
std::vector<wrong_value> wrong_booleans();
std::vector<wrong_value> wrong_choices(const input_shape& of);
std::vector<wrong_value> wrong_times();
std::vector<wrong_value> wrong_fields(const input_shape& of);
std::vector<wrong_value> wrong_urls();
std::vector<wrong_value> wrong_files();

} // namespace tables
