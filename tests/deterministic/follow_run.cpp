#include "deterministic/follow_run.hpp"

#include "deterministic/post_replica.hpp"
#include "posts/post_facts.hpp"
#include "posts/post_settings.hpp"
#include "settings/anonymous_caller.hpp"
#include "unit/store/temporary_folder.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <map>
#include <memory>
#include <thread>
#include <utility>

namespace gateway::simulation {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using tiktok::webhook_event;
using tiktok::webhook_kind;

constexpr std::size_t replica_count = 3;
constexpr std::size_t user_count = 40;
/// What TikTok makes of a post.
enum class fate { published, failed, posted_by_creator, left_in_inbox, never_ends };

/// Posts are made at first; the faults end after that time, and the world after this one.
struct times {
    minutes made_within, broken_for, watched_for;
    minutes creator_within; // after the arrival in the inbox
};
/// With posts that never end, which are unconfirmed after a day. The last public ids come hours before the
/// end.
constexpr times days{hours{3}, hours{20}, hours{40}, hours{15}};
/// With a receiver of webhooks, which is looked after too often for simulated days.
constexpr times hours_with_receiver{minutes{20}, minutes{50}, minutes{170}, minutes{40}};

std::string after(std::string_view text, std::string_view what) {
    const auto at = text.find(what);
    if (at == std::string_view::npos) return {};
    text.remove_prefix(at + what.size());
    return std::string(text.substr(0, text.find('\r')));
}

class run {
public:
    run(std::uint64_t seed, std::uint64_t posts, const times& when)
        : world_(seed),
          wire_(world_),
          network_(world_, history_),
          wanted_(posts),
          when_(when),
          has_receiver_(&when == &hours_with_receiver),
          replicas_(replica_count) {
        if (has_receiver_) {
            settings::caller told;
            told.name = settings::anonymous_caller;
            told.webhook_url = "https://hooks.example/told";
            settings_.callers.push_back(std::move(told));
            network_.receiver = [this](std::string_view request) { return hear(request); };
        }
        settings_.tiktok.verified_url_prefixes = {"https://media.example/"};
        settings_.uploads.keep_hours = 0; // no copies on a real disk
        history_.on_begin = [this](std::size_t number) { begin_life(number); };
    }
    follow_outcome play();

private:
    dice& chance() { return world_.chance(); }
    void start(std::size_t place);
    void log_everybody_in();
    void make_post(std::size_t number);
    task<void> call(post_replica& at, post_call what);

    void begin_life(std::size_t number);
    void move_on(std::size_t number, std::string_view status, std::string_view reason = {});
    void give_id(std::size_t number);
    void send(webhook_event event);
    void deliver(webhook_event event, int tries);
    task<void> tell(post_replica& at, webhook_event event, int tries);

    void keep_breaking();
    void keep_losing_the_database();
    int hear(std::string_view request);
    void judge();
    void judge_events();
    std::string how_it_waits(const std::string& event);
    void judge_row(const store::post_record& row, std::size_t number);

    settings::all settings_;
    testing::temporary_folder folder_;
    world world_;
    simulated_database at_;
    store_wire wire_;
    post_history history_;
    post_network network_;
    std::uint64_t wanted_;
    const times& when_;
    const bool has_receiver_;
    std::map<std::string, std::string> heard_; // by webhook-id: the body
    std::vector<std::string> taken_;           // ids in the order in which they were answered with 200
    std::vector<fate> fates_;                  // by the post's number
    bool quiet_ = false, receiver_fails_ = true;
    follow_outcome out_;
    std::vector<std::unique_ptr<post_replica>> replicas_; // null while it is crashed
};

void run::start(std::size_t place) {
    world_.note("starts", {}, place);
    replicas_[place] =
        std::make_unique<post_replica>(world_, at_, wire_, network_, settings_, folder_.file("files"));
}

void run::log_everybody_in() {
    const auto save = [](post_replica& at, user_id user) -> task<void> {
        const auto saved = co_await at.log_in(std::move(user));
        if (!saved) throw std::runtime_error("a login failed before anything could");
    };
    for (std::size_t i = 0; i < replicas_.size(); ++i)
        start(i);
    for (std::size_t user = 0; user < user_count; ++user)
        replicas_[0]->group().spawn(save(*replicas_[0], user_id::trusted("u" + std::to_string(user))));
    world_.run_for(seconds{20});
}

/// A photo post: one call, which TikTok answers or not. A lost answer leaves a post whose id nobody knows;
/// its caller does not try again, because it has no key.
void run::make_post(std::size_t number) {
    post_call what;
    what.user = "u" + std::to_string(number % user_count);
    what.content_type = "application/json";
    what.slug = "TIKTOK_POST_PHOTO";
    const auto mark = mark_of(number);
    const bool direct = chance().below(3) > 0;
    what.body = R"({"photo_images":["https://media.example/)" + mark
                + R"(jpg"],"photo_cover_index":0,"title":")" + mark + R"(","post_mode":")"
                + (direct ? "DIRECT_POST" : "MEDIA_UPLOAD") + R"("})";
    auto* one = replicas_[chance().below(replicas_.size())].get();
    if (one) one->group().spawn(call(*one, std::move(what)));
}

task<void> run::call(post_replica& at, post_call what) {
    const auto seen = co_await at.serve(std::move(what));
    world_.note("answered", {}, static_cast<std::uint64_t>(seen.status));
}

void run::begin_life(std::size_t number) {
    const auto draw = chance().below(100);
    const auto what = draw < 55                    ? fate::published
                      : draw < 75                  ? fate::failed
                      : draw < 88                  ? fate::posted_by_creator
                      : draw < 95 || has_receiver_ ? fate::left_in_inbox
                                                   : fate::never_ends;
    fates_.resize(std::max(fates_.size(), number + 1));
    fates_[number] = what;
    world_.after(microseconds{0}, [this, number] { history_.post(number).status = "PROCESSING_DOWNLOAD"; });
    // Words that the ledger does not keep, one of which nobody has ever heard.
    for (const auto* const word : {"PROCESSING_UPLOAD", "AWAITING_THE_MOON", "PROCESSING_DOWNLOAD"})
        if (chance().one_in(3))
            world_.after(chance().between(milliseconds{1}, when_.made_within), [this, number, word] {
                if (posts::state_of(history_.post(number).status) == "processing")
                    history_.post(number).status = word;
            });
    // Most are quick: some are done before the init's answer has arrived.
    const auto soon = chance().one_in(4) ? chance().between(milliseconds{1}, milliseconds{50})
                                         : chance().between(milliseconds{100}, minutes{20});
    const auto later = chance().between(minutes{1}, when_.creator_within);
    world_.after(soon, [this, number, what, later] {
        if (what == fate::published) move_on(number, posts::publish_complete);
        if (what == fate::failed) move_on(number, posts::failed, "picture_size_check_failed");
        if (what == fate::posted_by_creator || what == fate::left_in_inbox)
            move_on(number, posts::send_to_user_inbox);
        if (what == fate::posted_by_creator)
            world_.after(later, [this, number] { move_on(number, posts::publish_complete); });
    });
}

void run::move_on(std::size_t number, std::string_view status, std::string_view reason) {
    auto& post = history_.post(number);
    post.status = status;
    post.fail_reason = reason;
    webhook_event event;
    event.post = publish_id::trusted(post.id);
    event.name = status;
    event.reason = reason;
    event.created_at_s = unix_ms(wall_now()) / 1000;
    event.kind = status == posts::publish_complete ? webhook_kind::publish_complete
                 : status == posts::failed         ? webhook_kind::publish_failed
                                                   : webhook_kind::inbox_delivered;
    send(std::move(event));
    if (status == posts::publish_complete && chance().one_in(2))
        world_.after(chance().between(seconds{1}, when_.creator_within), [this, number] { give_id(number); });
}

/// Moderation ends, and the post gets its public id.
void run::give_id(std::size_t number) {
    auto& post = history_.post(number);
    post.public_id = "76" + std::to_string(number);
    webhook_event event;
    event.post = publish_id::trusted(post.id);
    event.post_id = post.public_id;
    event.name = "publicly_available";
    event.kind = webhook_kind::publicly_available;
    event.created_at_s = unix_ms(wall_now()) / 1000;
    send(std::move(event));
}

/// A third is lost, some come twice, and some so late that others overtake them.
void run::send(webhook_event event) {
    if (chance().one_in(3)) {
        ++out_.webhooks_lost;
        return;
    }
    const int copies = chance().one_in(5) ? 2 : 1;
    for (int copy = 0; copy < copies; ++copy) {
        const auto wait = chance().one_in(4) ? chance().between(seconds{1}, when_.creator_within)
                                             : chance().between(milliseconds{1}, seconds{2});
        world_.after(wait, [this, event] { deliver(event, 0); });
    }
}

/// TikTok tries again what was not answered with 200.
void run::deliver(webhook_event event, int tries) {
    auto* one = replicas_[chance().below(replicas_.size())].get();
    if (one)
        one->group().spawn(tell(*one, std::move(event), tries));
    else if (tries < 8)
        world_.after(minutes{1 << tries}, [this, event, tries] { deliver(event, tries + 1); });
}

task<void> run::tell(post_replica& at, webhook_event event, int tries) {
    struct answer {
        run& in;
        webhook_event event;
        int tries;
        bool good = false;
        ~answer() {
            if (!good && tries < 8)
                in.world_.after(minutes{1 << tries},
                                [of = &in, event = event, tries = tries] { of->deliver(event, tries + 1); });
        }
    };
    answer mine{*this, event, tries};
    mine.good = co_await at.tell(std::move(event));
    ++out_.webhooks_told;
}

void run::keep_breaking() {
    if (quiet_) return;
    const auto place = chance().below(replicas_.size());
    if (replicas_[place]) {
        ++out_.crashes;
        world_.note("dies", {}, place);
        replicas_[place].reset();
        world_.after(chance().between(seconds{1}, minutes{3}), [this, place] { start(place); });
    }
    world_.after(chance().between(seconds{10}, minutes{40}), [this] { keep_breaking(); });
}

void run::keep_losing_the_database() {
    if (quiet_) return;
    ++out_.outages;
    wire_.down = true;
    world_.after(chance().between(seconds{1}, minutes{5}), [this] { wire_.down = false; });
    world_.after(chance().between(minutes{30}, hours{4}), [this] { keep_losing_the_database(); });
}

void run::judge_row(const store::post_record& row, std::size_t number) {
    const auto& truth = history_.post(number);
    const auto state = posts::state_of(row);
    const auto name = row.id.text() + ": " + std::string(state) + ", TikTok has " + truth.status;
    const auto expected = fates_[number] == fate::never_ends ? "unconfirmed" : posts::state_of(truth.status);
    if (state != expected) world_.violation("M10: a wrong end of " + name);
    if (state == "failed" && row.fail_reason != truth.fail_reason)
        world_.violation("M10: another reason of " + name);
    const bool has_id = row.post_ids.find(truth.public_id) != std::string::npos;
    if (!truth.public_id.empty() && posts::privacy_level_of(row) != "SELF_ONLY" && !has_id)
        world_.violation("M10: the id did not come to " + name);
    out_.published += state == "published" ? 1U : 0U;
    out_.failed += state == "failed" ? 1U : 0U;
    out_.in_inbox += state == "in_inbox" ? 1U : 0U;
    out_.unconfirmed += state == "unconfirmed" ? 1U : 0U;
}

/// It fails half of the time, by a refusal, or by an answer that is lost; until all that it has failed can be
/// tried once more.
int run::hear(std::string_view request) {
    const auto id = after(request, "webhook-id: ");
    const std::string body(request.substr(request.find("\r\n\r\n") + 4));
    const auto [known, is_new] = heard_.emplace(id, body);
    if (!is_new && known->second != body) world_.violation("a webhook with another body: " + id);
    if (receiver_fails_ && chance().one_in(3)) return 500;
    taken_.push_back(id);
    return receiver_fails_ && chance().one_in(4) ? 0 : 200;
}

std::string run::how_it_waits(const std::string& event) {
    const store::statement ask{
        "SELECT tries, next_at - now_ms(), now_ms() - created_at FROM webhook_deliveries WHERE event_id = $1",
        event};
    std::int64_t tries = 0, due_in_ms = 0, age_ms = 0;
    auto found = at_.ask(ask);
    if (!found.next(tries, due_in_ms, age_ms)) return ", and nothing waits";
    return ", tried " + std::to_string(tries) + " times, due in " + std::to_string(due_in_ms) + " ms, "
           + std::to_string(age_ms) + " ms old";
}

/// Each fact was told once, and what was told of one post was told in its order.
void run::judge_events() {
    std::map<std::string, std::size_t> place; // when it was taken first
    for (std::size_t at = 0; at < taken_.size(); ++at)
        place.emplace(taken_[at], at);
    const store::statement all{
        "SELECT event_id, subject, type, body FROM webhook_events WHERE subject <> '' ORDER BY number"};
    std::map<std::string, std::size_t> last;     // by subject
    std::map<std::string, std::size_t> per_fact; // by subject and type
    std::string id, subject, type, body;
    for (auto rows = at_.ask(all); rows.next(id, subject, type, body);) {
        ++out_.events;
        if (++per_fact[subject + type] > 1) world_.violation("told twice: " + type + " of " + subject);
        const auto taken = place.find(id);
        if (taken == place.end()) {
            world_.violation("nobody was told " + type + " of " + subject + how_it_waits(id));
            continue;
        }
        if (heard_[id] != body) world_.violation("another body was sent: " + id);
        if (last.contains(subject) && last[subject] > taken->second)
            world_.violation("out of order: " + type + " of " + subject);
        last[subject] = taken->second;
    }
    const store::statement ends{
        "SELECT attempt, status FROM posts WHERE publish_id <> '' AND state = 'settled'"};
    std::string attempt, status;
    for (auto rows = at_.ask(ends); rows.next(attempt, status);) {
        const auto state = posts::state_of(status);
        const auto of = attempt + "post." + std::string(state);
        if (state != "processing" && !per_fact.contains(of) && !per_fact.contains(attempt + "upload.failed"))
            world_.violation("no event of " + of);
    }
}

void run::judge() {
    if (has_receiver_) judge_events();
    const store::statement all{
        "SELECT publish_id, state, status, fail_reason, post_ids, ended_at, kind, settings FROM posts "
        "WHERE publish_id <> ''"}; // without one its init's answer was lost: nobody can know more
    store::post_record row;
    for (auto rows = at_.ask(all); rows.next(row.id, row.state, row.status, row.fail_reason, row.post_ids,
                                             row.ended_at, row.kind, row.settings);) {
        ++out_.posts;
        judge_row(row, post_history::number_of(row.id.text()));
    }
    for (const auto& one : replicas_)
        if (!one || one->group().first_fault()) world_.violation("P12: an exception left a coroutine");
}

follow_outcome run::play() {
    log_everybody_in();
    for (std::size_t number = 0; number < wanted_; ++number)
        world_.after(chance().between(milliseconds{1}, when_.made_within),
                     [this, number] { make_post(number); });
    auto& net = network_.faults;
    for (auto* share : {&net.refused_permille, &net.lost_before_permille, &net.silent_permille,
                        &net.error_permille, &net.unreadable_permille, &net.page_permille})
        *share = chance().one_in(2) ? 0 : chance().below(40);
    wire_.faults.lost_before_permille = chance().below(10);
    wire_.faults.lost_after_permille = chance().below(10);
    keep_breaking();
    keep_losing_the_database();
    // An event is tried again within an hour (webhooks/pace.hpp).
    world_.after(when_.watched_for - minutes{65}, [this] { receiver_fails_ = false; });
    world_.run_for(when_.broken_for);
    quiet_ = true;
    wire_.down = false;
    network_.faults = network_faults{};
    wire_.faults = wire_faults{};
    world_.run_for(when_.watched_for - when_.broken_for);
    judge();
    out_.status_calls = history_.status_calls();
    out_.trace = world_.trace();
    out_.violations = world_.violations();
    return std::move(out_);
}

} // namespace

follow_outcome& follow_outcome::operator+=(const follow_outcome& other) {
    trace ^= other.trace;
    posts += other.posts;
    published += other.published;
    failed += other.failed;
    in_inbox += other.in_inbox;
    unconfirmed += other.unconfirmed;
    webhooks_told += other.webhooks_told;
    webhooks_lost += other.webhooks_lost;
    status_calls += other.status_calls;
    events += other.events;
    crashes += other.crashes;
    outages += other.outages;
    violations.insert(violations.end(), other.violations.begin(), other.violations.end());
    return *this;
}

follow_outcome run_follow(std::uint64_t seed, std::uint64_t posts, follow_kind kind) {
    follow_outcome out;
    const auto& when = kind == follow_kind::days ? days : hours_with_receiver;
    // On a new thread, so that the service's thread-local state starts fresh.
    std::thread alone([&] { out = run(seed, posts, when).play(); });
    alone.join();
    return out;
}

} // namespace gateway::simulation
