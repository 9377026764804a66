// Prints the rows of the actions and the table of errors as JSON, so that check.py can hold them against
// openapi.yaml, and a flow test against the running gateway.
#include "contract/written_rows.hpp"

#include <boost/json/serialize.hpp>

#include <cstdio>

int main() {
    std::puts(boost::json::serialize(gateway::written_rows()).c_str());
}
