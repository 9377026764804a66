#include "deterministic/post_run.hpp"

#include "deterministic/post_replica.hpp"
#include "unit/store/temporary_folder.hpp"

#include <algorithm>
#include <memory>
#include <thread>
#include <utility>

namespace gateway::simulation {
namespace {

/// One key and the answers to its caller.
struct key_story {
    std::string last_word; // publish_id or outcome_unknown; empty: none yet
    int status = 0;
    bool unknown = false;  // the last word is outcome_unknown
    bool doubtful = false; // an answer was lost, or a process crashed or was paused during its call
    bool stood_still = false;
    std::uint64_t running = 0;
};

std::string publish_id_in(std::string_view envelope) {
    constexpr std::string_view name = R"("publish_id":")";
    const auto at = envelope.find(name);
    if (at == std::string_view::npos) return {};
    const auto rest = envelope.substr(at + name.size());
    return std::string(rest.substr(0, rest.find('"')));
}

class run {
public:
    run(std::uint64_t seed, std::uint64_t keys)
        : world_(seed),
          wire_(world_),
          network_(world_, history_),
          keys_(keys + 1),
          storm_(world_.chance().below(4)),
          replicas_(2 + world_.chance().below(2)) {
        settings_.tiktok.verified_url_prefixes = {"https://media.example/"};
        settings_.uploads.keep_hours = 0;     // no copies on a real disk
        settings_.posts.looks_per_second = 0; // follow_run.cpp has these
        network_.on_doubt = [this](std::size_t key) { keys_[key].doubtful = true; };
    }
    post_outcome play();

private:
    dice& chance() { return world_.chance(); }
    std::string user_of(std::size_t key) const { return "u" + std::to_string(key % 50); }
    void start(std::size_t place);
    void log_everybody_in();
    void bring_faults();
    void keep_breaking();
    void keep_calling(std::size_t key);
    post_call call_of(std::size_t key);
    task<void> call(post_replica& at, std::size_t key);
    void told(std::size_t key, const post_result& seen);
    void judge();

    settings::all settings_;
    testing::temporary_folder folder_;
    world world_;
    simulated_database at_;
    store_wire wire_;
    post_history history_;
    post_network network_;
    std::vector<key_story> keys_; // from 1
    std::uint64_t storm_;
    bool quiet_ = false;
    post_outcome out_;
    std::vector<std::unique_ptr<post_replica>> replicas_; // null while it is crashed
};

void run::start(std::size_t place) {
    world_.note("starts", {}, place);
    replicas_[place] =
        std::make_unique<post_replica>(world_, at_, wire_, network_, settings_, folder_.file("files"));
}

post_call run::call_of(std::size_t key) {
    post_call out;
    out.user = user_of(key);
    out.key = "key-" + std::to_string(key);
    out.content_type = "application/json";
    const auto mark = mark_of(key);
    switch (key % 4) {
        case 0:
            out.slug = "TIKTOK_POST_PHOTO";
            out.body = R"({"photo_images":["https://media.example/)" + mark
                       + R"(jpg"],"photo_cover_index":0,"title":")" + mark
                       + R"(","post_mode":"DIRECT_POST"})";
            break;
        case 1:
            out.slug = "TIKTOK_UPLOAD_VIDEO";
            out.body = R"({"video_url":"https://media.example/)" + mark + R"(mp4","keep":false})";
            break;
        default:
            out.slug = "TIKTOK_UPLOAD_VIDEO";
            out.content_type = "video/mp4";
            out.query = "publish=true&caption=" + mark;
            out.body = std::string(
                           "\0\0\0\x18"
                           "ftypisom",
                           12)
                       + std::string(key % 4 == 2 ? 300 : 70'000, 'v');
    }
    return out;
}

/// A final answer is never followed by a different one, except that a doubt may be resolved.
void run::told(std::size_t key, const post_result& seen) {
    auto& story = keys_[key];
    world_.note("told", mark_of(key), static_cast<std::uint64_t>(seen.status));
    const bool unknown = seen.code == errc::outcome_unknown
                         || seen.envelope.find(R"("code":"outcome_unknown")") != std::string::npos;
    if (seen.status != 200 && !unknown) return; // to be sent again
    // A replica that was paused for long may be treated as dead by the others before it ends its call.
    const auto word = unknown ? std::string("outcome_unknown") : publish_id_in(seen.envelope);
    const bool resolved = story.unknown && !unknown; // the ledger has learned how the doubt ended
    if (!story.last_word.empty() && story.last_word != word && !story.stood_still && !resolved)
        world_.violation("I03: two different answers to key " + std::to_string(key) + ": " + story.last_word
                         + ", " + word);
    if (!unknown && !history_.has_posted(key, word))
        world_.violation("I03: told good with another post: " + word);
    story.last_word = word;
    story.status = seen.status;
    story.unknown = unknown;
}

task<void> run::call(post_replica& at, std::size_t key) {
    struct at_work {
        explicit at_work(key_story& on) : story(on) { ++story.running; }
        at_work(const at_work&) = delete;
        at_work& operator=(const at_work&) = delete;
        ~at_work() {
            --story.running;
            if (!ended) story.doubtful = true; // its process crashes
        }
        key_story& story;
        bool ended = false;
    };
    at_work mine(keys_[key]);
    auto what = call_of(key);
    const auto seen = co_await at.serve(std::move(what));
    mine.ended = true;
    ++out_.calls;
    told(key, seen);
}

void run::keep_calling(std::size_t key) {
    const bool asks_again = quiet_ || chance().one_in(20); // also after the final answer (I03)
    auto* one = replicas_[chance().below(replicas_.size())].get();
    if (one && !one->place().paused && (keys_[key].last_word.empty() || asks_again))
        one->group().spawn(call(*one, key));
    world_.after(chance().between(milliseconds{100}, seconds{90}), [this, key] { keep_calling(key); });
}

/// Pauses are much longer than the minute after which a replica counts as dead and others settle its work.
void run::keep_breaking() {
    if (quiet_) return;
    const auto place = chance().below(replicas_.size());
    auto& one = replicas_[place];
    if (one && !one->place().paused) {
        if (chance().one_in(3)) {
            ++out_.pauses;
            for (auto& story : keys_)
                if (story.running > 0) story.doubtful = story.stood_still = true;
            world_.note("stands still", {}, place);
            one->stand_still(
                std::chrono::duration_cast<milliseconds>(chance().between(seconds{1}, seconds{150})));
        } else {
            ++out_.crashes;
            world_.note("dies", {}, place);
            one.reset();
            world_.after(chance().between(seconds{1}, seconds{20}), [this, place] { start(place); });
        }
    }
    world_.after(chance().between(milliseconds{200}, seconds{60}), [this] { keep_breaking(); });
}

void run::bring_faults() {
    if (storm_ == 0) return;
    auto& net = network_.faults;
    for (auto* share :
         {&net.refused_permille, &net.lost_before_permille, &net.lost_after_permille, &net.silent_permille,
          &net.half_permille, &net.error_permille, &net.unreadable_permille, &net.page_permille})
        *share = chance().one_in(2) ? 0 : chance().below(60);
    if (storm_ == 1) return;
    keep_breaking();
    if (storm_ == 2) return;
    wire_.faults.slowest = chance().one_in(3) ? seconds{4} : milliseconds{20};
    wire_.faults.lost_before_permille = chance().below(20);
    wire_.faults.lost_after_permille = chance().below(20);
}

void run::log_everybody_in() {
    const auto save = [](post_replica& at, user_id user) -> task<void> {
        const auto saved = co_await at.log_in(std::move(user));
        if (!saved) throw std::runtime_error("a login failed before anything could");
    };
    for (std::size_t i = 0; i < replicas_.size(); ++i)
        start(i);
    for (std::size_t user = 0; user < 50; ++user)
        replicas_[0]->group().spawn(save(*replicas_[0], user_id::trusted("u" + std::to_string(user))));
    world_.run_for(seconds{20});
}

void run::judge() {
    for (std::size_t key = 1; key < keys_.size(); ++key) {
        const auto& story = keys_[key];
        const auto name = " (key " + std::to_string(key) + ")";
        const auto posts = history_.posts_of(key);
        out_.posts += posts;
        out_.unknown += story.unknown ? 1U : 0U;
        if (posts > 1) world_.violation("I04: posted twice" + name);
        if (story.last_word.empty())
            world_.violation("I04: nobody ever gives the last word" + name);
        else if (story.unknown && !story.doubtful)
            world_.violation("I05: outcome_unknown, though every answer came" + name);
        else if (!story.unknown && posts == 0)
            world_.violation("I04: told good, and TikTok posted nothing" + name);
    }
    const store::statement begun{"SELECT attempt FROM posts WHERE state = 'begun'"};
    for (auto left = at_.ask(begun); left.next();)
        world_.violation("I04: an attempt stays begun: " + left.next_text());
    const store::statement unfinished{"SELECT key FROM idempotency_keys WHERE finished = 0"};
    for (auto left = at_.ask(unfinished); left.next();)
        world_.violation("I04: a key stays unfinished: " + left.next_text());
    for (const auto& one : replicas_)
        if (!one || one->group().first_fault()) world_.violation("P12: an exception left a coroutine");
}

post_outcome run::play() {
    log_everybody_in();
    for (std::size_t key = 1; key < keys_.size(); ++key)
        world_.after(chance().between(milliseconds{1}, std::chrono::minutes{20}),
                     [this, key] { keep_calling(key); });
    bring_faults();
    world_.run_for(std::chrono::minutes{40});
    quiet_ = true;
    network_.faults = network_faults{};
    wire_.faults = wire_faults{};
    world_.run_for(std::chrono::minutes{30}); // each call is repeated, and its answer compared
    judge();
    out_.keys = keys_.size() - 1;
    out_.trace = world_.trace();
    out_.violations = world_.violations();
    return std::move(out_);
}

} // namespace

post_outcome& post_outcome::operator+=(const post_outcome& other) {
    trace ^= other.trace;
    keys += other.keys;
    calls += other.calls;
    posts += other.posts;
    unknown += other.unknown;
    crashes += other.crashes;
    pauses += other.pauses;
    violations.insert(violations.end(), other.violations.begin(), other.violations.end());
    return *this;
}

post_outcome run_posts(std::uint64_t seed, std::uint64_t keys) {
    post_outcome out;
    // On a new thread, so that the service's thread-local state (the random numbers of its jitter) starts
    // fresh.
    std::thread alone([&] { out = run(seed, keys).play(); });
    alone.join();
    return out;
}

} // namespace gateway::simulation
