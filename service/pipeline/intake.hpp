// The pipeline's step from a request's query and body to checked inputs. Reads as much of the body as the row
// needs and no byte of a file, which the action reads itself; but a form is read to its end first if its size
// or validity could not be known otherwise. Lives in the frame of the call.
#pragma once
#include "api/call.hpp"
#include "api/validate.hpp"
#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/result.hpp"
#include "limits/shared_bytes.hpp"
#include "pipeline/admission.hpp"
#include "pipeline/multipart_source.hpp"
#include "pipeline/request.hpp"
#include "runtime/task.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace gateway::pipeline {

struct intake {
    api::checked_input input;
    api::body_facts body;                   // source: only if the request contains the file
    std::string document;                   // for rows that read their body themselves
    std::unique_ptr<multipart_source> form; // the target of body.source, for multipart
    std::optional<failure> refusal; // of values, where a replay or a dry run has an answer nevertheless
    std::optional<limits::shared_bytes::permit> memory; // of a large document or JSON body
};

/// One per worker.
class body_intake {
public:
    /// `memory` is for bodies, `memory` and `files` for forms that must be read to their end; `keep_hours`:
    /// for kept files.
    body_intake(const std::vector<std::string>& verified_url_prefixes, limits::shared_bytes& memory,
                files::staged_file_store& files, std::uint32_t keep_hours)
        : prefixes_(verified_url_prefixes), memory_(memory), files_(files), keep_hours_(keep_hours) {}

    /// For a request without a body.
    result<void> take_query(const request& what, intake& into) const;
    /// All failures of bodies and inputs: malformed_request, malformed_json, invalid_input, too_large, ….
    task<result<intake>> take(const request& what, body_plan plan, sharer by, deadline until) const;
    /// If a form must be complete before TikTok is called, reads it to its end, into memory or to disk. Then
    /// body.source has its size. Does nothing for other forms.
    task<result<void>> take_rest(multipart_source& form, caller_name caller, deadline until) const;

private:
    api::validation checks_of(const request& what, bool came_with_bytes, intake& into) const;

    const std::vector<std::string>& prefixes_;
    limits::shared_bytes& memory_;
    files::staged_file_store& files_;
    std::uint32_t keep_hours_;
};

} // namespace gateway::pipeline
