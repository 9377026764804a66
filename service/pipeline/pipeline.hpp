// Runs one call, from any listener: caller, quota, input, replay, acting user, run, record. The order and its
// reasons are in pipeline.cpp only. One per worker, used from its thread.
#pragma once
#include "api/envelope.hpp"
#include "api/handler.hpp"
#include "pipeline/acting_users.hpp"
#include "pipeline/admission.hpp"
#include "pipeline/intake.hpp"
#include "pipeline/request.hpp"
#include "runtime/task.hpp"

#include <memory>
#include <utility>

namespace gateway::store {
class ledger;
}
namespace gateway::telemetry {
struct call_record;
}

namespace gateway::pipeline {

class pipeline {
public:
    /// `posts` and `files` give the size of what a call will send. Everything outlives it.
    pipeline(const admission_parts& gate, body_intake bodies, call_times times, acting_users users,
             store::ledger& posts, files::staged_file_store& files, idempotency::runner& keys,
             api::tools tools);

    /// For calls that begin from now on; running ones keep the callers they began with. On the worker's
    /// thread.
    void change_callers(std::shared_ptr<const caller_book> callers) {
        admission_.change_callers(std::move(callers));
    }

    /// Never throws for a fault of the request. Reads the body only as far as the row needs. All arguments
    /// must outlive the call; `out` is the result. Fills caller, user, caller_quota, replayed, code,
    /// refused_by and tiktok_code of the record; the listener fills the rest.
    task<void> serve(request& what, telemetry::call_record& record, api::outcome& out);

private:
    struct flow;

    admission admission_;
    body_intake bodies_;
    call_times times_;
    acting_users users_;
    store::ledger& posts_;
    files::staged_file_store& files_;
    idempotency::runner& keys_;
    api::tools tools_;
};

} // namespace gateway::pipeline
