// Records of users of one TikTok account, for the suites of every engine.
#pragma once
#include "unit/store/store_fixture.hpp"

#include <string>

namespace gateway::testing {

inline store::connection_record holder(const std::string& name, std::uint64_t version,
                                       const std::string& app = "app") {
    auto out = connection(name, version);
    out.account = open_id::trusted("open-1");
    out.app = app;
    return out;
}

/// By the caller's own try for a minute, and then by any.
inline store::revocation_record to_revoke(const std::string& name, const std::string& app = "app") {
    store::revocation_record out;
    out.user = user(name);
    out.app = app;
    out.account = open_id::trusted("open-1");
    out.sealed_tokens = "sealed for the revocation of " + name;
    out.tries = 1;
    out.expires_at = at_second(15'552'000);
    out.wait = seconds{60};
    return out;
}

} // namespace gateway::testing
