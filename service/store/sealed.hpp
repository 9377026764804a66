// All sealed values, which the key ring must be able to open: the newest and kept pairs, and the verifiers of
// running logins. A role of the store; any thread.
#pragma once
#include "store/role.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace gateway::store {

/// A sealed pair of either table, and the blob that replaces it under a newer key.
struct sealed_pair_record {
    user_id user;
    std::uint64_t version = 0; // the version for which it was sealed
    std::string sealed_tokens;
};
struct resealed_pair {
    sealed_pair_record seen;
    std::string sealed_anew;
};

class sealed : private role {
public:
    using role::role;

    /// The number of sealed values that begin with these bytes.
    task<result<std::uint64_t>> count_with(std::string prefix, deadline until);
    /// Pairs that begin with these bytes, among the next `limit` rows after `cursor`; a page may be empty
    /// without being the last. A pair that moves meanwhile may be found twice or not at all, so count again.
    task<result<page_of<sealed_pair_record>>> list_with(std::string prefix, std::string cursor,
                                                        std::uint32_t limit, deadline until);
    /// Replaces each blob if its bytes are unchanged, in the newest or kept pairs; changes nothing else.
    /// Gives the number of replaced ones.
    task<result<std::uint64_t>> replace(std::vector<resealed_pair> pairs, deadline until);
};

} // namespace gateway::store
