#include "deterministic/refresh_run.hpp"

#include "deterministic/refresh_judge.hpp"
#include "deterministic/replica.hpp"

#include <algorithm>
#include <thread>
#include <utility>

namespace gateway::simulation {
namespace {

constexpr std::chrono::hours longest{24};
constexpr std::chrono::minutes time_to_settle{25};

/// The parameters of a world.
struct plan {
    rotation how = rotation::strict;
    std::size_t replicas = 2, users = 20;
    seconds access_lifetime{60};
    tokens::token_service_settings settings;
    bool ends_early = false; // some access tokens end early
    std::uint64_t storm =
        0; // 0: only slow, 1: a bad network, 2: processes crash and are paused, 3: everything
};

plan draw_plan(dice& chance) {
    plan out;
    out.how = static_cast<rotation>(chance.below(rotation_count));
    out.replicas = 2 + chance.below(3);
    out.users = 20 + chance.below(60);
    constexpr seconds lifetimes[]{seconds{60}, seconds{120}, seconds{600}, seconds{7200}};
    out.access_lifetime = lifetimes[std::min(chance.below(5), chance.below(4))];
    out.settings.refresh_per_second = chance.one_in(4) ? 0.5 : 20;
    out.storm = chance.below(4);
    out.ends_early = chance.one_in(2);
    return out;
}

class run {
public:
    run(std::uint64_t seed, std::uint64_t wanted)
        : world_(seed),
          plan_(draw_plan(world_.chance())),
          history_(plan_.how, plan_.access_lifetime),
          wire_(world_),
          tiktok_(world_, history_),
          judge_(world_, history_, at_, lives_, plan_.users),
          replicas_(plan_.replicas),
          wanted_(wanted) {
        tiktok_.refresh_per_second = plan_.settings.refresh_per_second;
        tiktok_.held_now = [this](std::size_t user) { return judge_.user(user).held; };
    }

    refresh_outcome play();

private:
    dice& chance() { return world_.chance(); }
    replica* somebody();
    void start(std::size_t place);
    void let_everybody_in();
    void bring_faults();
    void end_faults();
    void keep_calling(std::size_t user);
    void keep_changing();
    void keep_breaking();
    void break_something();
    task<void> call(replica& at, std::size_t user, deadline until);
    task<void> log_in(replica& at, std::size_t user);
    task<void> revoke(replica& at, std::size_t user);
    void judge_replicas();

    world world_;
    plan plan_;
    token_history history_;
    simulated_database at_;
    store_wire wire_;
    token_endpoint tiktok_;
    std::deque<life> lives_;
    refresh_judge judge_;
    std::uint64_t calls_open_ = 0;
    std::vector<std::unique_ptr<replica>> replicas_; // null while it is crashed
    std::uint64_t wanted_;
    bool quiet_ = true; // no faults
    bool over_ = false; // no calls
    refresh_outcome out_;
};

replica* run::somebody() {
    auto* one = replicas_[chance().below(replicas_.size())].get();
    return one && !one->place().paused ? one : nullptr;
}

void run::start(std::size_t place) {
    life mine;
    mine.number = lives_.size();
    lives_.push_back(std::move(mine));
    world_.note("starts", {}, lives_.back().number);
    replicas_[place] = std::make_unique<replica>(world_, at_, wire_, tiktok_, lives_.back(), plan_.settings);
}

task<void> run::log_in(replica& at, std::size_t user) {
    const auto number = history_.log_in(user);
    const auto& pair = history_.pair(number);
    vault::fresh_tokens fresh;
    fresh.access_token = secret{pair.access};
    fresh.refresh_token = secret{pair.refresh};
    fresh.account = open_id::trusted("open-" + std::to_string(user));
    fresh.scopes = "user.info.basic";
    fresh.access_lifetime = plan_.access_lifetime;
    fresh.refresh_lifetime = std::chrono::hours{24 * 180};
    store::grant_permit no_permit;
    const auto saved = co_await at.vault().save_grant(name_of_user(user), std::move(fresh),
                                                      vault::account_change::allowed, std::move(no_permit),
                                                      wall_now(), deadline::in(steady_now(), seconds{10}));
    ++out_.logins;
    if (saved) judge_.told_of_grant(number);
}

task<void> run::revoke(replica& at, std::size_t user) {
    auto account = open_id::trusted("open-" + std::to_string(user));
    const auto now = wall_now();
    // Of whatever grant there is: the clocks of the replicas differ.
    const auto gone = co_await at.vault().revoke(std::move(account), now + seconds{60}, "user_disconnected",
                                                 now, deadline::in(steady_now(), seconds{10}));
    if (gone && *gone > 0) ++out_.revocations;
}

/// Like user_api: from memory if possible, and again after a 401 as long as there is a token.
task<void> run::call(replica& at, std::size_t user, deadline until) {
    struct open_call {
        explicit open_call(std::uint64_t& count) : count_(count) { ++count_; }
        open_call(const open_call&) = delete;
        open_call& operator=(const open_call&) = delete;
        ~open_call() { --count_; }
        std::uint64_t& count_;
    };
    const open_call mine(calls_open_);
    const auto began = steady_now();
    const auto name = name_of_user(user);
    auto known = at.tokens().ready(name, wall_now());
    if (!known) {
        const auto got = co_await at.tokens().access(name, until, sharer::gateway);
        if (got) known = *got;
    }
    constexpr unsigned kind = 0;
    constexpr int sends_max = 8;
    for (int sends = 0; known && sends < sends_max; ++sends) {
        if (history_.takes_access(std::string(known->access_token.reveal()))) {
            known->accepted.note(kind);
            break;
        }
        auto again = co_await at.tokens().refresh_after_401(name, known, kind, until, sharer::gateway);
        known = again ? std::move(*again) : nullptr;
    }
    const bool stood_still = at.mine().stood_still_between(began, steady_now());
    if (steady_now() > until.at() + seconds{1} && !stood_still)
        world_.violation("T11: a caller waited beyond its deadline (" + name.text() + ")");
    ++out_.calls;
}

void run::keep_calling(std::size_t user) {
    if (over_) return;
    if (auto* one = somebody()) {
        const auto patience =
            std::chrono::duration_cast<milliseconds>(chance().between(seconds{1}, seconds{20}));
        one->group().spawn(call(*one, user, deadline::in(steady_now(), patience)));
    }
    const microseconds pace = quiet_ ? seconds{30} : plan_.access_lifetime / 4;
    world_.after(chance().between(pace / 2, pace * 3 / 2), [this, user] { keep_calling(user); });
}

/// Users connect again and disconnect, with late webhooks.
void run::keep_changing() {
    if (quiet_) return;
    if (plan_.ends_early) history_.end_access_of(chance().below(plan_.users));
    const auto user = chance().below(plan_.users);
    auto* one = somebody();
    if (one && chance().one_in(6)) {
        if (chance().one_in(2)) history_.end_grants_of(user);
        if (chance().one_in(2)) one->group().spawn(revoke(*one, user));
    } else if (one) {
        one->group().spawn(log_in(*one, user));
    }
    const microseconds pace = plan_.access_lifetime;
    world_.after(chance().between(microseconds{1000}, pace), [this] { keep_changing(); });
}

void run::break_something() {
    const auto place = chance().below(replicas_.size());
    auto& one = replicas_[place];
    const auto what = chance().below(plan_.storm == 3 ? 5 : 4);
    if (what == 4) {
        ++out_.outages;
        wire_.down = true;
        world_.note("store down");
        world_.after(chance().between(seconds{1}, seconds{40}), [this] {
            wire_.down = false;
            world_.note("store back");
        });
    } else if (!one || one->place().paused) {
        return;
    } else if (what < 2) {
        ++out_.pauses;
        one->stand_still(
            std::chrono::duration_cast<milliseconds>(chance().between(seconds{1}, seconds{150})));
    } else {
        ++out_.crashes;
        world_.note("dies", {}, one->mine().number);
        one.reset();
        world_.after(chance().between(seconds{1}, seconds{20}), [this, place] { start(place); });
    }
}

void run::keep_breaking() {
    if (quiet_) return;
    break_something();
    world_.after(chance().between(seconds{1}, plan_.access_lifetime), [this] { keep_breaking(); });
}

void run::bring_faults() {
    quiet_ = false;
    keep_changing();
    if (plan_.storm == 0) return;
    auto& net = tiktok_.faults;
    net.slowest = chance().one_in(3) ? seconds{10} : seconds{1};
    for (auto* share : {&net.refused_permille, &net.lost_before_permille, &net.lost_after_permille,
                        &net.silent_permille, &net.half_permille, &net.error_permille,
                        &net.late_error_permille, &net.unreadable_permille, &net.page_permille})
        *share = chance().one_in(2) ? 0 : chance().below(40);
    if (plan_.storm == 1) return;
    keep_breaking();
    if (plan_.storm == 2) return;
    wire_.faults.slowest = chance().one_in(3) ? seconds{4} : milliseconds{20};
    wire_.faults.lost_before_permille = chance().below(20);
    wire_.faults.lost_after_permille = chance().below(20);
    wire_.faults.silent_permille = chance().one_in(2) ? 0 : chance().below(5);
}

void run::end_faults() {
    world_.note("quiet");
    quiet_ = true;
    tiktok_.faults = network_faults{};
    wire_.faults = wire_faults{};
    for (std::size_t user = 0; user < plan_.users; ++user) // also users without a call for an hour
        world_.after(chance().between(seconds{0}, seconds{30}), [this, user] { keep_calling(user); });
}

void run::let_everybody_in() {
    for (std::size_t i = 0; i < replicas_.size(); ++i)
        start(i);
    world_.run_for(seconds{1}); // nothing is served before the keys are checked
    for (std::size_t user = 0; user < plan_.users; ++user)
        replicas_[0]->group().spawn(log_in(*replicas_[0], user));
    world_.run_for(seconds{30});
    for (std::size_t user = 0; user < plan_.users; ++user)
        keep_calling(user);
}

void run::judge_replicas() {
    for (const auto& one : replicas_)
        if (!one)
            world_.violation("the run ended without one of its replicas");
        else if (one->group().first_fault())
            world_.violation("P12: an exception left a coroutine");
}

refresh_outcome run::play() {
    let_everybody_in();
    bring_faults();
    const auto end = steady_now() + longest;
    while (judge_.refreshes() < wanted_ && steady_now() < end)
        world_.run_for(seconds{30});
    end_faults();
    world_.run_for(time_to_settle); // until the last pause and outage have ended
    over_ = true;
    world_.run_for(seconds{90}); // until the last calls have ended and all of TikTok accepts the last pairs
    if (calls_open_ > 0) world_.violation("T11: a caller still waits when all is over");
    judge_replicas();
    out_.lost = judge_.settle();
    out_.trace = world_.trace();
    out_.refreshes = judge_.refreshes();
    out_.requests = tiktok_.requests;
    out_.violations = world_.violations();
    return std::move(out_);
}

} // namespace

refresh_outcome& refresh_outcome::operator+=(const refresh_outcome& other) {
    trace ^= other.trace;
    refreshes += other.refreshes;
    requests += other.requests;
    calls += other.calls;
    crashes += other.crashes;
    pauses += other.pauses;
    outages += other.outages;
    logins += other.logins;
    revocations += other.revocations;
    lost += other.lost;
    violations.insert(violations.end(), other.violations.begin(), other.violations.end());
    return *this;
}

refresh_outcome run_refreshes(std::uint64_t seed, std::uint64_t wanted) {
    refresh_outcome out;
    // On a new thread, so that the service's thread-local state (the random numbers of its jitter) starts
    // fresh.
    std::thread alone([&] { out = run(seed, wanted).play(); });
    alone.join();
    return out;
}

} // namespace gateway::simulation
