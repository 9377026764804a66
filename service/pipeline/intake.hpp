// The intake of a call: the pipeline's step from a request's query and body to checked inputs. Reads as much
// of the body as the row needs and no byte of a file, which the action pulls itself. Lives in the frame of
// the call.
#pragma once
#include "actions/call.hpp"
#include "base/clock.hpp"
#include "base/result.hpp"
#include "pipeline/admission.hpp"
#include "pipeline/multipart_source.hpp"
#include "pipeline/pipeline.hpp"
#include "runtime/task.hpp"

#include <memory>
#include <optional>
#include <string>

namespace gateway::pipeline {

struct intake {
    actions::checked_input input;
    actions::body_facts body;               // source: only where the request carries the file itself
    std::string document;                   // of rows that read their body themselves
    std::unique_ptr<multipart_source> form; // what body.source points to, for multipart
};

/// Of a request without a body.
result<void> take_in_query(const request& what, const settings::tiktok& rules, intake& into);
/// All failures of bodies and inputs: malformed_request, malformed_json, invalid_input, too_large, ….
task<result<intake>> take_in(const request& what, body_plan plan, const settings::tiktok& rules,
                             deadline until);

} // namespace gateway::pipeline
