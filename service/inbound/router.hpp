// Finds the row of a method and a path. Built once from the table of rows; read-only, so all workers share
// one. Pure.
#pragma once
#include "api/path_parameters.hpp"
#include "api/row.hpp"
#include "base/result.hpp"
#include "http/verb.hpp"

#include <boost/container/static_vector.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gateway::inbound {

/// The matched row and the path's parameters.
struct route {
    const api::row* to = nullptr;
    api::path_parameters path;
};

class router {
public:
    /// Where two rows fit a path, the one that has a literal where the other has a parameter is found,
    /// whatever their order. Throws where a path has more segments or parameters than fit.
    explicit router(std::span<const api::row> rows);

    /// `path` as the strict gate let it pass; `into` is reused from request to request. Errors:
    /// no_such_route, method_not_allowed (with Allow), malformed_request for a segment that does not decode.
    result<void> find(http::verb method, std::string_view path, route& into) const;
    /// The value of Allow for a path; empty if no row has this path. `*` means the whole server.
    std::string allow(std::string_view path) const;

private:
    static constexpr std::size_t max_segments = 8;
    /// One more than a row may have is kept of a longer path, so that it matches no row.
    using path_segments = boost::container::static_vector<std::string_view, max_segments + 1>;
    struct entry {
        const api::row* row;
        path_segments segments; // of the row's path; `{...}` matches any one segment
    };
    static path_segments split(std::string_view path);
    static bool same(const entry& candidate, const path_segments& path);

    std::vector<entry> entries_;
};

} // namespace gateway::inbound
