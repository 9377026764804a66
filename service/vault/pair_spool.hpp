// Keeps pairs that TikTok gave on this replica's disk while the store has not taken them: TikTok has ended
// the tokens before them, so they are the only ones, and the process may be killed. A pair is written at
// once, sealed, and is synced as soon as the store has failed or has taken longer than a write usually does;
// the copy is removed once the store has the pair. At the start, and from replicas that have died in a shared
// folder, pairs are found again and stored by those who know how: refreshes by tokens/, the others by
// connections/. Shared by all workers; any thread, except where it says otherwise. Two threads of its own do
// what blocks: one writes, since a kill loses a pair that is not written; the other syncs, removes and looks,
// which takes long on a busy disk. Owned by the service, which stops it before the vault ends.
#pragma once
#include "base/clock.hpp"
#include "base/descriptor.hpp"
#include "base/result.hpp"
#include "runtime/shared_wait.hpp"
#include "runtime/task.hpp"
#include "vault/spool_folder.hpp"
#include "vault/spooled_pair.hpp"

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace gateway::vault {

class pair_spool;
class token_vault;

/// One pair of the spool, in the hands of the one coroutine that stores it. Empty without a spool. Destroyed
/// before stored() was called: the pair stays on the disk, and waits for the next one.
class spooled_copy {
public:
    spooled_copy() = default;
    spooled_copy(spooled_copy&&) noexcept = default;
    spooled_copy& operator=(spooled_copy&& other) noexcept;
    ~spooled_copy();

    explicit operator bool() const { return entry_ != nullptr; }
    const spooled_pair& pair() const;
    /// The store did not take it: it is synced now, if it is not yet.
    void hurry();
    /// The store has it, or something newer.
    void stored();
    /// Nobody can store it; the file stays, for an operator to look at.
    void set_aside(std::string_view why);

private:
    friend class pair_spool;
    struct entry;
    spooled_copy(pair_spool& of, std::shared_ptr<entry> which) : of_(&of), entry_(std::move(which)) {}

    pair_spool* of_ = nullptr;
    std::shared_ptr<entry> entry_; // shared with the spool's threads
};

struct spooled_copy::entry {
    std::uint64_t number = 0;
    spooled_pair pair; // does not change
    // Under the spool's mutex:
    std::string name; // of its file; empty: not written
    descriptor file;  // locked while it is there
    bool is_durable = false;
    steady_time due; // when a thread has something to do with it
    int failures = 0;
    bool is_taken = true;
    bool is_stored = false;
    bool is_busy = false; // a thread is at it
};

class pair_spool {
public:
    /// What an operator should know. `failed`: a pair could not be written or removed, and it is tried again.
    /// `unusable`: a file does not open, or is of another app or key; it stays. `ended`: TikTok takes none of
    /// its tokens any more; it is removed.
    enum class event : std::uint8_t { failed, unusable, ended };
    using reporter = std::function<void(event what, std::string_view file, std::string_view reason)>;

    struct counts {
        std::uint64_t written = 0, failed = 0, unusable = 0;
    };

    /// Looks for pairs that an earlier process left. Blocks.
    pair_spool(token_vault& vault, std::string directory);
    ~pair_spool() { stop(); }
    pair_spool(const pair_spool&) = delete;
    pair_spool& operator=(const pair_spool&) = delete;

    /// Makes durable what is not stored, and ends the threads; before the vault is destroyed. Copies may be
    /// given back later.
    void stop();

    /// What is to be told from now on, and what was before: it is called on any thread, and not while another
    /// call runs.
    void report_to(reporter who);

    /// For a pair that the caller is about to store. Uses the reserve of memory, so it does not fail.
    spooled_copy keep(spooled_pair what);
    /// A pair that waits for somebody to store it; empty: there is none. `after`: the number of the last one.
    spooled_copy take(const user_id& user, std::uint64_t version);
    spooled_copy take_of(const user_id& user, std::uint64_t& after);
    spooled_copy take_import(const std::string& sent_hash);
    /// Also one that somebody is storing at this moment.
    bool holds_import(const std::string& sent_hash) const;
    spooled_copy take_next(spooled_kind what, std::uint64_t& after);
    /// Of the lease with which the newest pair of the user that waits was got; zero: none waits.
    std::uint64_t fence_of(const user_id& user) const;
    /// Whose refreshed pairs wait.
    std::vector<user_id> users() const;
    /// Looks for pairs of replicas that have died since. Any worker.
    task<void> look(deadline until);

    /// Pairs that wait on the disk, as far as this process may take them, and files that nobody can use.
    std::size_t waiting() const;
    counts counted() const;

private:
    friend class spooled_copy;
    using entry = spooled_copy::entry;
    using shared_entry = std::shared_ptr<entry>;

    template <class Wanted>
    spooled_copy take_first(Wanted wanted);
    void give_back(const shared_entry& one, bool is_stored);
    void hurry(const shared_entry& one);
    void set_aside(const shared_entry& one, std::string_view why);

    /// What one of the two threads does, until `ending`, of which all is done that does not fail.
    enum class duty : std::uint8_t { writing, tidying };
    void run(duty mine, const bool& ending);
    shared_entry next_to_do(duty mine, bool ending, steady_time now) const;
    steady_time next_due(duty mine) const;
    void work_on(const shared_entry& one, std::unique_lock<std::mutex>& lock);
    enum class step : std::uint8_t { write, sync, remove };
    static step next_step(const entry& one);
    static bool has_work(const entry& one, duty of);
    result<void> carry_out(step what, entry& one);
    result<void> write(entry& one);
    result<void> sync(entry& one);
    void look_now(std::unique_lock<std::mutex>& lock);
    bool is_known(const std::string& name) const;
    void read_file(const std::string& name, std::unique_lock<std::mutex>& lock);
    void note_unusable(const std::string& name, std::string_view why);
    void drop(const shared_entry& one);
    void tell(event what, std::string_view file, std::string_view reason);

    token_vault& vault_;
    const spool_folder folder_;
    std::mutex report_mutex_; // for the next two; may be taken while the other one is held
    reporter report_;
    struct untold {
        event what;
        std::string file, reason;
    };
    std::vector<untold> untold_;
    mutable std::mutex mutex_; // for the members below; not held while the disk works
    std::condition_variable changed_;
    std::list<shared_entry> entries_;
    std::map<std::string, std::string> unusable_; // file → why
    std::vector<std::shared_ptr<shared_wait<bool>>> who_look_;
    std::uint64_t last_number_ = 0;
    counts counts_;
    bool writing_ends_ = false, tidying_ends_ = false;
    std::thread writes_, tidies_;
};

} // namespace gateway::vault
