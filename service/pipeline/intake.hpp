// The intake of a call: the pipeline's step from a request's query and body to checked inputs. Reads as much
// of the body as the row needs and no byte of a file, which the action pulls itself; but a form is looked
// through first where its size or its end could not be known otherwise. Lives in the frame of the call.
#pragma once
#include "api/call.hpp"
#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/result.hpp"
#include "pipeline/admission.hpp"
#include "pipeline/multipart_source.hpp"
#include "pipeline/pipeline.hpp"
#include "runtime/task.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace gateway::pipeline {

struct intake {
    api::checked_input input;
    api::body_facts body;                   // source: only where the request carries the file itself
    std::string document;                   // of rows that read their body themselves
    std::unique_ptr<multipart_source> form; // what body.source points to, for multipart
};

/// Of a request without a body.
result<void> take_in_query(const request& what, const settings::tiktok& rules, intake& into);
/// All failures of bodies and inputs: malformed_request, malformed_json, invalid_input, too_large, ….
/// `memory` is for a form whose inputs stand behind its file.
task<result<intake>> take_in(const request& what, body_plan plan, const settings::tiktok& rules,
                             user_api::upload_memory& memory, deadline until);

/// Where a form has to be seen whole before anything is asked of TikTok: reads it to its end, into memory or
/// onto the disk. Then body.source knows its size. Nothing to do for other bodies.
struct form_room {
    user_api::upload_memory& memory;
    files::shelf& files;
    caller_name caller;
    std::uint32_t keep_hours; // of what is kept of it later
};
task<result<void>> take_in_rest(multipart_source& form, form_room room, deadline until);

} // namespace gateway::pipeline
