// The query string of a request, or a form body, as names and values. Pure.
#pragma once
#include "base/result.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gateway::http {

inline constexpr std::size_t max_query_pairs = 128;

struct query_pair {
    std::string name;
    std::string value;
};

class query {
public:
    /// Decodes percent and plus. Empty pieces (`a=1&&b=2`) are skipped; a piece without `=` has an empty
    /// value. Errors: malformed_request for bad escapes, text that is not UTF-8, an empty name, more than
    /// max_query_pairs.
    static result<query> parse(std::string_view text);

    const std::vector<query_pair>& pairs() const { return pairs_; }
    bool empty() const { return pairs_.empty(); }
    /// The first value of that name; null when absent.
    const std::string* find(std::string_view name) const;
    /// A name that occurs more than once and is not `but`; for callers that allow each name once.
    std::optional<std::string> repeated(std::string_view but = {}) const;

private:
    std::vector<query_pair> pairs_;
};

} // namespace gateway::http
