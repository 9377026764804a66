// Prints the rows of the actions and the table of errors as JSON, so that check.py can compare them with
// openapi.yaml, and flow tests with the running gateway.
#include "contract/written_rows.hpp"

#include <boost/json/serialize.hpp>

#include <cstdio>

int main() {
    std::puts(boost::json::serialize(gateway::written_rows()).c_str());
}
