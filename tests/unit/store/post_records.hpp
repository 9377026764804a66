// A row of the ledger as an upload begins it, for the suites of every engine.
#pragma once
#include "unit/store/store_fixture.hpp"

#include <string>

namespace gateway::testing {

inline store::post_record uploaded_post(const std::string& attempt, const std::string& id) {
    store::post_record out;
    out.attempt = attempt;
    out.user = user("ann");
    out.caller = caller("shop");
    out.id = post_id(id);
    out.action = "TIKTOK_UPLOAD_VIDEO";
    out.kind = "inbox_file";
    out.settings = "{}";
    out.post_ids = "[]";
    out.created_at = out.updated_at = at_second(1);
    return out;
}

} // namespace gateway::testing
