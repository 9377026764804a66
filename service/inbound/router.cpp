#include "inbound/router.hpp"

#include "api/assets.hpp"
#include "http/percent.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace gateway::inbound {
namespace {

bool is_parameter(std::string_view segment) {
    return segment.starts_with('{');
}

/// Without its braces.
std::string_view name_of(std::string_view parameter) {
    return parameter.substr(1, parameter.size() - 2);
}

bool takes_head(const api::row& row) {
    return row.method == http::verb::get;
}

bool answers(const api::row& row, http::verb asked) {
    return row.method == asked || (asked == http::verb::head && takes_head(row));
}

/// Decodes one segment; false if it cannot be decoded.
bool decode(std::string_view segment, std::string& into) {
    if (segment.find('%') == std::string_view::npos) { // the usual case
        into.assign(segment);
        return true;
    }
    auto text = http::percent_decoded(segment);
    if (text) into = std::move(*text);
    return text.has_value();
}

failure nothing_here() {
    return failure{errc::no_such_route, api::no_such_route_sentence};
}

} // namespace

router::router(std::span<const api::row> rows) {
    entries_.reserve(rows.size());
    for (const auto& row : rows) {
        const auto parts = split(row.path);
        const auto parameters = std::count_if(parts.begin(), parts.end(), is_parameter);
        if (parts.size() > max_segments || parameters > std::ptrdiff_t{api::path_parameters::count_max})
            throw std::invalid_argument("the path of " + std::string(row.slug) + " is too long");
        entries_.push_back({&row, parts});
    }
    // Literals before parameters, else as the rows stand.
    std::stable_sort(entries_.begin(), entries_.end(), [](const entry& one, const entry& other) {
        return std::lexicographical_compare(
            one.segments.begin(), one.segments.end(), other.segments.begin(), other.segments.end(),
            [](auto a, auto b) { return !is_parameter(a) && is_parameter(b); });
    });
}

router::path_segments router::split(std::string_view path) {
    path_segments out;
    if (path.starts_with('/')) path.remove_prefix(1);
    for (;;) {
        const auto slash = path.find('/');
        out.push_back(path.substr(0, slash));
        if (slash == std::string_view::npos || out.size() > max_segments) return out;
        path.remove_prefix(slash + 1);
    }
}

bool router::same(const entry& candidate, const path_segments& path) {
    // A parameter never matches an empty segment, as in `/v1/users//info`.
    const auto fits = [](std::string_view expected, std::string_view segment) {
        return is_parameter(expected) ? !segment.empty() : expected == segment;
    };
    // From the end, because the last segments differ most.
    return std::equal(candidate.segments.rbegin(), candidate.segments.rend(), path.rbegin(), path.rend(),
                      fits);
}

result<void> router::find(http::verb method, std::string_view path, route& into) const {
    into.to = nullptr;
    into.path.clear();
    const auto parts = split(path);
    for (const auto& candidate : entries_) {
        if (!answers(*candidate.row, method) || !same(candidate, parts)) continue;
        into.to = candidate.row;
        for (std::size_t i = 0; i < parts.size(); ++i) {
            const auto expected = candidate.segments[i];
            if (is_parameter(expected) && !decode(parts[i], into.path.add(name_of(expected))))
                return failure{errc::malformed_request, "A path segment is not percent-encoded properly."};
        }
        return {};
    }
    auto verbs = path == "*" ? std::string() : allow(path);
    if (verbs.empty()) return nothing_here();
    return failure{errc::method_not_allowed, "This path takes " + verbs + "."}.allow(verbs);
}

std::string router::allow(std::string_view path) const {
    if (path == "*") return "GET, HEAD, POST, PUT, DELETE, OPTIONS";
    const auto parts = split(path);
    std::string verbs;
    for (const auto& candidate : entries_) {
        if (!same(candidate, parts)) continue;
        verbs += http::name_of(candidate.row->method);
        verbs += takes_head(*candidate.row) ? ", HEAD, " : ", ";
    }
    if (!verbs.empty()) verbs += "OPTIONS";
    return verbs;
}

} // namespace gateway::inbound
