// Rows of the ledger that were asked for before: a status is asked for again and again, and a look into the
// file costs two changes of thread. True to the file as long as this process is the only one that writes it:
// every write of a user's posts stands between two forgettings (changing), so no reader puts back what it
// read before. Bounded; owned by the store; any thread.
#pragma once
#include "base/flat_table.hpp"
#include "base/ids.hpp"
#include "store/records.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <vector>

namespace gateway::store {

class post_memory {
public:
    using found = std::optional<post_record>; // empty: this user has no such post

    /// What is remembered; nothing: the file has to be asked.
    std::optional<found> find(const user_id& user, const publish_id& id) const;
    /// To be noted before the file is asked.
    std::uint64_t now(const user_id& user) const;
    /// What the file said; dropped when the user's posts were written since `noted`.
    void put(const user_id& user, const publish_id& id, const found& said, std::uint64_t noted);
    /// Everything may have changed.
    void forget_all();

    /// Lives as long as a write of this user's posts; nobody knows whose they are: of all.
    class changing {
    public:
        changing(post_memory& of, const user_id& user) : of_(of), user_(user) { of_.forget(user_); }
        ~changing() { of_.forget(user_); }
        changing(const changing&) = delete;
        changing& operator=(const changing&) = delete;

    private:
        post_memory& of_;
        const user_id user_;
    };

private:
    static constexpr std::size_t shard_count = 64;
    static constexpr std::size_t users_per_shard_max = 256;
    static constexpr std::size_t posts_per_user_max = 16;
    struct known {
        publish_id id;
        found said;
    };
    struct posts_of {
        user_id user;
        std::vector<known> posts;
    };
    struct shard {
        mutable std::mutex lock;
        std::uint64_t generation = 0;
        flat_table<posts_of> users;
        std::size_t next_out = 0; // whose turn it is to be pushed out
    };
    /// A user on the way to their shard and their place in it.
    struct place_of {
        place_of(const post_memory& in, const user_id& user_)
            : user(user_), hash(std::hash<user_id>{}(user_)), home(in.shards_[(hash >> 32) % shard_count]) {}
        /// Under the shard's lock.
        posts_of* find() const {
            return home.users.find(hash, [this](const posts_of& one) { return one.user == user; });
        }
        const user_id& user;
        const std::size_t hash;
        shard& home;
    };
    void forget(const user_id& user);

    mutable std::array<shard, shard_count> shards_;
};

} // namespace gateway::store
