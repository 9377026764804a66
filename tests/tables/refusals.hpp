// Inputs that are refused, and every fault that must come back. In-process tests hold the rows against these
// tables, flow tests send them to a running gateway: one truth for both.
#pragma once
#include "tables/row_shape.hpp"

#include <ostream>
#include <string>
#include <vector>

namespace tables {

/// How the inputs travel.
enum class way {
    query,
    body,  // JSON
    form,  // the part `input` of multipart/form-data; the file comes behind it
    video, // the query, while the body is the file
};

struct refusal {
    std::string name;
    std::string slug;
    way sent;
    std::string given;
    std::string faults; // each line: field, reason
};
void PrintTo(const refusal& each, std::ostream* out); // GoogleTest's name

/// Rules of single actions and rules between inputs, written by hand.
std::vector<refusal> written_refusals();
/// Each input of each row, wrong in each way its kind knows; missing, repeated, unknown, and all at once.
std::vector<refusal> derived_refusals(const std::vector<row_shape>& rows);

/// What an action needs to be given, so that nothing but an added fault is wrong; a JSON object.
std::string good_inputs(const row_shape& row);

} // namespace tables
