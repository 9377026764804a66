// A certificate authority for one test: makes keys and certificates and writes them to files. They are
// trusted only in the test.
#pragma once
#include "unit/store/temporary_folder.hpp"

#include <memory>
#include <string>

namespace gateway::testing {

struct identity {
    std::string certificate_pem;
    std::string key_pem;
};

/// A certificate that is not the usual one.
struct certificate_options {
    bool names_in_san = true; // else the name is in the subject's CN alone
    long begins_in_s = -86'400, ends_in_s = 86'400L * 30;
    std::string pass_phrase = {}; // encrypts the key
};

class certificate_authority {
public:
    certificate_authority();
    ~certificate_authority();
    /// For `name`: a host name, or an IPv4 address. Valid from yesterday for `days` days; -1 ended an hour
    /// ago.
    identity issue(const std::string& name, int days = 30) const;
    identity issue(const std::string& name, const certificate_options& options) const;
    const std::string& pem() const { return pem_; }
    /// A revocation list that contains that certificate.
    std::string revoke(const identity& whose) const;

private:
    struct state;
    std::unique_ptr<state> state_;
    std::string pem_;
};

} // namespace gateway::testing
