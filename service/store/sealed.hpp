// What the key ring must be able to open: every sealed pair, newest and kept, and the verifiers of logins on
// their way. A role of the store: any thread; each call fails with vault_unavailable or deadline_exceeded and
// with nothing else.
#pragma once
#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/result.hpp"
#include "runtime/task.hpp"
#include "store/page.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace gateway::store {

class engine;

/// A sealed pair, wherever it stands, and the blob that takes its place under a newer key.
struct sealed_pair_record {
    user_id user;
    std::uint64_t version = 0; // under which it was sealed
    std::string sealed_tokens;
};
struct resealed_pair {
    sealed_pair_record seen;
    std::string sealed_anew;
};

class sealed {
public:
    explicit sealed(engine& on) : engine_(on) {}

    /// How many sealed values begin with these bytes.
    task<result<std::uint64_t>> count_with(std::string prefix, deadline until);
    /// Pairs that begin with these bytes, among the next `limit` rows after `cursor`; a page may be empty and
    /// not the last. What moves meanwhile may be met twice, or not at all: count again.
    task<result<page_of<sealed_pair_record>>> list_with(std::string prefix, std::string cursor,
                                                        std::uint32_t limit, deadline until);
    /// Puts each new blob where the very bytes that were seen still stand, as the newest pair or as a kept
    /// one; changes nothing else of the row. Gives how many were found.
    task<result<std::uint64_t>> replace(std::vector<resealed_pair> pairs, deadline until);

private:
    engine& engine_;
};

} // namespace gateway::store
