#include "store/postgresql/pool.hpp"

#include "base/digest.hpp"
#include "runtime/waiter.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>

namespace gateway::store {
namespace {

constexpr int repeats_max = 10; // of one job, after the server took it back in favour of another
constexpr milliseconds look_every{100};
constexpr milliseconds first_pause{100};
constexpr milliseconds longest_pause{2'000};

failure unavailable() {
    return failure{errc::vault_unavailable, "The store does not answer; try again soon."};
}

std::string begin_of(const unit& what) {
    if (!what.lock) return "BEGIN";
    return "BEGIN; SELECT pg_advisory_xact_lock(" + std::to_string(*what.lock) + ")";
}

/// The same on every replica; two names that fall together only wait for each other.
std::int64_t lock_named(const std::string& name) {
    const auto digest = sha256(name);
    std::uint64_t lock = 0;
    for (std::size_t at = 0; at < 8; ++at)
        lock = (lock << 8) | digest[at];
    return static_cast<std::int64_t>(lock);
}

} // namespace

unit unit::transaction_of(const user_id& user) {
    return {true, lock_named("user:" + user.text())};
}

unit unit::transaction_of(const window_name& window) {
    return {true, lock_named("window:" + std::to_string(window.kind) + ":" + window.key)};
}

/// Sends the job back to its caller, also when the coroutine that worked on it is destroyed.
class postgresql_pool::landing {
public:
    explicit landing(job& what) : what_(what) { what_.failed_ = unavailable(); }
    landing(const landing&) = delete;
    landing& operator=(const landing&) = delete;
    ~landing() { what_.back_.resume(); }

private:
    job& what_;
};

postgresql_pool::postgresql_pool(postgresql_address address, store_limits limits)
    : address_(std::move(address)),
      limits_(limits),
      names_(1, limits.connections + 2),
      thread_([this] { run_thread(); }) {
    keep_doing(keep_time());
    for (unsigned number = 0; number < limits_.connections; ++number)
        keep_doing(keep_place(number));
}

postgresql_pool::~postgresql_pool() {
    {
        const std::lock_guard lock(mutex_);
        ending_ = true;
    }
    home_.stop();
    thread_.join();
    refuse_waiting(true);
}

void postgresql_pool::run_thread() {
    try {
        home_.run();
        return;
    } catch (...) { // a bug in the pool itself: readiness tells it, and calls are refused instead of waiting
        const std::lock_guard lock(mutex_);
        ending_ = true;
    }
    refuse_waiting(true);
}

void postgresql_pool::keep_doing(task<void> chore) {
    boost::asio::post(home_.executor(),
                      [this, chore = std::move(chore)]() mutable { home_.group().spawn(std::move(chore)); });
}

task<std::optional<failure>> postgresql_pool::perform(job& what) {
    if (what.until_.passed(steady_now())) {
        failure late{errc::deadline_exceeded, "The deadline passed before the store had its turn."};
        co_return late;
    }
    std::function<void()> start = [this, &what] { add(what); };
    co_await what.back_.wait(std::move(start));
    co_return what.failed_;
}

void postgresql_pool::add(job& what) {
    {
        const std::lock_guard lock(mutex_);
        if (!down_ && !ending_ && waiting_.size() < limits_.waiting_max) {
            waiting_.push_back(&what);
            boost::asio::post(home_.executor(), [this] { wake_one(); });
            return;
        }
    }
    const landing refused(what);
}

postgresql_pool::job* postgresql_pool::take() {
    const std::lock_guard lock(mutex_);
    if (waiting_.empty()) return nullptr;
    job* const next = waiting_.front();
    waiting_.pop_front();
    return next;
}

void postgresql_pool::refuse_waiting(bool all) {
    std::vector<job*> late;
    {
        const auto now = steady_now();
        const std::lock_guard lock(mutex_);
        std::erase_if(waiting_, [&](job* one) {
            const bool ended = all || one->until_.passed(now);
            if (ended) late.push_back(one);
            return ended;
        });
    }
    for (job* one : late)
        const landing refused(*one);
}

void postgresql_pool::wake_one() {
    {
        const std::lock_guard lock(mutex_);
        if (waiting_.empty()) return;
    }
    if (idle_.empty()) return;
    postgresql_connection* const next = idle_.back(); // the warmest
    idle_.pop_back();
    next->wake();
}

std::string postgresql_pool::trouble() const {
    const std::lock_guard lock(mutex_);
    return trouble_;
}

void postgresql_pool::note_connected() {
    ++connected_;
    const std::lock_guard lock(mutex_);
    down_ = false;
    trouble_.clear();
}

void postgresql_pool::note_lost() {
    if (--connected_ == 0) alone_since_ = steady_now();
}

void postgresql_pool::note_trouble(std::string why) {
    if (connected_ > 0) return;
    {
        const std::lock_guard lock(mutex_);
        down_ = true;
        trouble_ = std::move(why);
    }
    refuse_waiting(true);
}

/// Jobs that wait have no timer of their own.
task<void> postgresql_pool::keep_time() {
    while (true) {
        refuse_waiting(false);
        if (connected_ == 0 && steady_now() - alone_since_ > limits_.outage_patience)
            note_trouble(trouble().empty() ? "no connection in time" : trouble());
        co_await pause_until(deadline::in(steady_now(), look_every));
    }
}

task<void> postgresql_pool::keep_place(unsigned number) {
    milliseconds pause = first_pause;
    while (true) {
        postgresql_connection at(home_);
        const bool connected = co_await connect(at);
        if (connected) {
            pause = first_pause;
            const int backend = at.backend();
            backends_.insert(backend);
            note_connected();
            co_await serve(at);
            note_lost();
            backends_.erase(backend);
            continue;
        }
        note_trouble(at.error());
        // A different one for each place: a server that comes back is not met by all at once.
        co_await pause_until(deadline::in(steady_now(), pause + milliseconds{7} * number));
        pause = std::min(pause * 2, longest_pause);
    }
}

task<bool> postgresql_pool::connect(postgresql_connection& at) {
    const auto until = deadline::in(steady_now(), limits_.connect_within);
    auto where = co_await resolve_hosts(address_, names_);
    if (where)
        co_await at.open(*where, limits_.job_max, until);
    else
        at.refuse(where.error().message());
    co_return !at.failed();
}

task<void> postgresql_pool::serve(postgresql_connection& at) {
    while (at.fit()) {
        job* const next = take();
        if (next != nullptr) {
            co_await run_job(at, *next);
            continue;
        }
        idle_.push_back(&at);
        co_await at.stand_by();
        std::erase(idle_, &at);
    }
    wake_one(); // perhaps it was this one that a job had been woken for
}

task<void> postgresql_pool::run_job(postgresql_connection& at, job& what) {
    const landing back(what);
    at.begin_job(what.until_.no_later_than(steady_now() + limits_.job_max));
    for (int times = 0; times <= repeats_max; ++times) {
        try {
            co_await run_once(at, what);
        } catch (...) { // a bug in one job, or the end of the pool: the other jobs go on
            at.give_up();
        }
        if (!at.failed()) {
            what.failed_.reset();
            co_return;
        }
        if (!at.may_be_repeated()) co_return;
        at.forgive();
    }
}

task<void> postgresql_pool::run_once(postgresql_connection& at, job& what) {
    if (!what.unit_.transaction_wanted) {
        co_await what.run(at);
        co_return;
    }
    std::string begin = begin_of(what.unit_);
    co_await at.execute(std::move(begin));
    if (!at.failed()) co_await what.run(at);
    if (!at.failed()) {
        std::string commit = "COMMIT";
        co_await at.execute(std::move(commit));
    }
    if (at.failed() && at.fit()) co_await at.roll_back();
}

} // namespace gateway::store
