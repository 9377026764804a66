#include "http/query.hpp"

#include "base/lists.hpp"
#include "base/utf.hpp"
#include "http/percent.hpp"

#include <utility>

namespace gateway::http {
namespace {

failure refuse(const char* what) {
    return failure{errc::malformed_request, what};
}

} // namespace

result<query> query::parse(std::string_view text) {
    query out;
    while (!text.empty()) {
        std::string_view piece = next_piece(text, '&');
        if (piece.empty()) continue;
        if (out.pairs_.size() == max_query_pairs) return refuse("There are more than 128 query parameters.");
        auto name = percent_decoded(next_piece(piece, '='), true);
        auto value = percent_decoded(piece, true);
        if (!name || !value)
            return refuse("A query parameter holds a % that begins no escape; a % itself is written %25.");
        if (name->empty()) return refuse("A query parameter has no name.");
        if (!is_utf8(*name) || !is_utf8(*value)) return refuse("A query parameter is not UTF-8.");
        out.pairs_.push_back({std::move(*name), std::move(*value)});
    }
    return out;
}

const std::string* query::find(std::string_view name) const {
    for (const auto& pair : pairs_)
        if (pair.name == name) return &pair.value;
    return nullptr;
}

std::optional<std::string> query::repeated(std::string_view but) const {
    for (std::size_t i = 0; i < pairs_.size(); ++i)
        for (std::size_t j = 0; j < i; ++j)
            if (pairs_[i].name == pairs_[j].name && pairs_[i].name != but) return pairs_[i].name;
    return std::nullopt;
}

} // namespace gateway::http
