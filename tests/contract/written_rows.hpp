// The rows of the actions and the table of errors as JSON, for comparisons.
#pragma once
#include <boost/json/object.hpp>

namespace gateway {

boost::json::object written_rows();

} // namespace gateway
