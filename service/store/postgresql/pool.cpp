#include "store/postgresql/pool.hpp"

#include "base/memory/memory_reserve.hpp"
#include "runtime/keep_running.hpp"
#include "runtime/waiter.hpp"
#include "store/postgresql/neighbours.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>

namespace gateway::store {
namespace {

constexpr int repeats_max = 10; // of one job, after the server rolled it back in favour of another
constexpr milliseconds look_every{100};
constexpr milliseconds first_pause{100};
constexpr milliseconds longest_pause{2'000};

std::string begin_of(const unit& what) {
    if (!what.lock) return "BEGIN";
    const auto taken = [](std::int64_t lock) {
        return "; SELECT pg_advisory_xact_lock(" + std::to_string(lock) + ")";
    };
    std::string out = "BEGIN" + taken(*what.lock);
    if (what.second_lock) out += taken(*what.second_lock);
    return out;
}

} // namespace

postgresql_pool::postgresql_pool(postgresql_address address, std::string schema, store_limits limits,
                                 const std::string& owner)
    : address_(std::move(address)),
      schema_(std::move(schema)),
      limits_(limits),
      owner_(owner),
      jobs_(limits.waiting_max, [this] { boost::asio::post(home_.executor(), [this] { wake_one(); }); }),
      names_(1, limits.connections + 2),
      thread_([this] { run_thread(); }) {
    spawn(keep([this] { return keep_time(); }));
    for (unsigned number = 0; number < limits_.connections; ++number)
        spawn(keep([this, number] { return run_slot(number); }));
}

void postgresql_pool::stop() {
    if (!thread_.joinable()) return;
    jobs_.end(); // first, so that coroutines of the loop that wait for a queued unit end with the loop
    home_.stop();
    thread_.join();
}

void postgresql_pool::run_thread() {
    home_.run();
}

/// For a coroutine that must not end before the pool.
task<void> postgresql_pool::keep(std::function<task<void>()> start) {
    return keep_running(std::move(start),
                        [this](const std::exception_ptr& fault) { home_.note_fault(fault); });
}

void postgresql_pool::spawn(task<void> background) {
    boost::asio::post(home_.executor(), [this, background = std::move(background)]() mutable {
        home_.group().spawn(std::move(background));
    });
}

void postgresql_pool::wake_one() {
    if (jobs_.empty() || idle_.empty()) return;
    postgresql_connection* const next = idle_.back(); // the one used last
    idle_.pop_back();
    next->wake();
}

std::string postgresql_pool::trouble() const {
    const std::lock_guard lock(mutex_);
    return trouble_;
}

void postgresql_pool::set_trouble(std::string why) {
    const std::lock_guard lock(mutex_);
    trouble_ = std::move(why);
}

void postgresql_pool::note_trouble(std::string why) {
    if (!backends_.empty()) return;
    set_trouble(std::move(why));
    jobs_.close();
}

/// Checks the deadlines of waiting jobs, which have no timers.
task<void> postgresql_pool::keep_time() {
    while (true) {
        jobs_.refuse_late(steady_now());
        if (backends_.empty() && steady_now() - alone_since_ > limits_.outage_patience)
            note_trouble(trouble().empty() ? std::string(no_answer_yet) : trouble());
        co_await pause_until(deadline::in(steady_now(), look_every));
    }
}

/// A connection among the pool's own, until its slot has ended with it.
class postgresql_pool::backend_entry {
public:
    backend_entry(postgresql_pool& in, int backend) : in_(in), place_(in.backends_.insert(backend)) {}
    ~backend_entry() {
        in_.backends_.erase(place_);
        if (in_.backends_.empty()) in_.alone_since_ = steady_now();
    }
    backend_entry(const backend_entry&) = delete;
    backend_entry& operator=(const backend_entry&) = delete;

private:
    postgresql_pool& in_;
    std::multiset<int>::iterator place_;
};

/// The same among those that wait for a job.
class postgresql_pool::idle_entry {
public:
    idle_entry(postgresql_pool& in, postgresql_connection& at) : in_(in), at_(at) {
        in_.idle_.push_back(&at);
    }
    ~idle_entry() { std::erase(in_.idle_, &at_); }
    idle_entry(const idle_entry&) = delete;
    idle_entry& operator=(const idle_entry&) = delete;

private:
    postgresql_pool& in_;
    postgresql_connection& at_;
};

task<void> postgresql_pool::run_slot(unsigned number) {
    milliseconds pause = first_pause;
    while (true) {
        postgresql_connection at(home_, owner_);
        const bool connected = co_await connect(at);
        if (connected) {
            pause = first_pause;
            const backend_entry own(*this, at.backend());
            set_trouble({});
            jobs_.reopen();
            co_await serve(at);
            continue;
        }
        note_trouble(at.error());
        // A different pause for each slot, so that they do not all reconnect at the same time.
        co_await pause_until(deadline::in(steady_now(), pause + milliseconds{7} * number));
        pause = std::min(pause * 2, longest_pause);
    }
}

task<bool> postgresql_pool::connect(postgresql_connection& at) {
    const auto until = deadline::in(steady_now(), limits_.connect_within);
    auto where = co_await resolve_hosts(address_, names_);
    if (where)
        co_await at.open(*where, schema_, limits_.job_max, until);
    else
        at.refuse(where.error().message());
    if (at.failed()) co_return false;
    auto intruder = co_await find_intruder(at, schema_);
    if (!at.failed()) is_open_to_others_.store(!intruder.empty());
    if (!intruder.empty()) at.refuse(std::move(intruder));
    co_return !at.failed();
}

task<void> postgresql_pool::serve(postgresql_connection& at) {
    while (at.fit()) {
        auto next = jobs_.take(1);
        if (!next.empty()) {
            co_await run_job(at, std::move(next.front()));
            continue;
        }
        const idle_entry here(*this, at);
        co_await at.wait_idle();
    }
    wake_one(); // because a job may have woken this one
}

task<void> postgresql_pool::run_job(postgresql_connection& at, job_queue::owned_job what) {
    at.begin_job(what->until.no_later_than(steady_now() + limits_.job_max));
    for (int times = 0; times <= repeats_max; ++times) {
        try {
            co_await run_once(at, *what);
        } catch (...) { // of one job, or the end of the pool: the other jobs continue
            const memory_reserve::scope no_failure;
            at.give_up();
        }
        if (!at.failed()) {
            job_queue::set_outcome(*what, std::nullopt);
            co_return;
        }
        if (!at.may_be_repeated()) co_return;
        at.clear_failure();
    }
}

task<void> postgresql_pool::run_once(postgresql_connection& at, engine::job& what) {
    if (!what.how.atomic) {
        co_await what.run(at);
        auto notifications = at.take_notifications();
        if (!notifications.empty()) co_await at.execute(std::move(notifications));
        co_return;
    }
    std::string begin = begin_of(what.how);
    co_await at.execute(std::move(begin));
    if (!at.failed()) co_await what.run(at);
    std::string commit = at.take_notifications() + "COMMIT";
    if (!at.failed()) co_await at.execute(std::move(commit));
    if (at.failed() && at.fit()) co_await at.roll_back();
}

} // namespace gateway::store
