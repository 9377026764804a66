// Inputs that must be refused, with all their faults. In-process tests check the rows with these tables, flow
// tests send them to a running gateway.
#pragma once
#include "tables/row_shape.hpp"

#include <ostream>
#include <string>
#include <vector>

namespace tables {

/// How the inputs are sent.
enum class way {
    query,
    body,  // JSON
    form,  // the part `input` of multipart/form-data, before the file
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
/// Each input of each row with each wrong value of its kind; missing, repeated, unknown, and all at once.
std::vector<refusal> derived_refusals(const std::vector<row_shape>& rows);

/// Valid inputs of an action, as a JSON object, to which one fault can be added.
std::string good_inputs(const row_shape& row);

} // namespace tables
