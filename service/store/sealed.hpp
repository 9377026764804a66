// All sealed values, which the key ring must be able to open: pairs of connections (newest, kept, of other
// apps), of imports, of revocations, of logins that wait for their confirmation, and the verifiers of running
// logins. A role of the store; any thread.
#pragma once
#include "store/role.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace gateway::store {

/// What a value was sealed as, and so what its `owner` is. Values of logins live for minutes only.
enum class sealed_as { pair, import_proof, revocation, login };

struct sealed_record {
    sealed_as what = sealed_as::pair;
    std::string owner; // the user; of an import the hash of its refresh token; of a revocation the account
    std::uint64_t version = 0;
    std::string app; // empty: from before apps were noted
    std::string sealed;
};
/// A value, and the blob that replaces it under a newer key.
struct resealed_record {
    sealed_record seen;
    std::string sealed_anew;
};

/// How many values of a page have the mark, and where the next page begins; empty after the last one.
struct counted_page {
    std::uint64_t count = 0;
    std::string next;
};

class sealed : private role {
public:
    using role::role;

    /// Counts values with these bytes behind the first one, which is their format; an empty mark: all. Does
    /// not read the values themselves.
    task<result<counted_page>> count_page(std::string mark, std::string cursor, deadline until);
    /// Such values among the next `limit` rows after `cursor`; a page may be empty without being the last. A
    /// value that moves meanwhile may be found twice or not at all, so count again.
    task<result<page_of<sealed_record>>> list_with(std::string mark, std::string cursor, std::uint32_t limit,
                                                   deadline until);
    /// Replaces each blob if its bytes are unchanged, also if a pair has moved to another table; changes
    /// nothing else. Gives the number of replaced ones.
    task<result<std::uint64_t>> replace(std::vector<resealed_record> values, deadline until);
};

} // namespace gateway::store
