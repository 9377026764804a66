#include "posts/post_watch.hpp"

#include "posts/post_facts.hpp"
#include "posts/status_book.hpp"
#include "posts/wanted_bytes.hpp"
#include "posts/watched_post.hpp"
#include "runtime/turns.hpp"
#include "runtime/worker.hpp"
#include "telemetry/call_record.hpp"
#include "user_api/bound_api.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <array>
#include <mutex>
#include <unordered_map>
#include <utility>

namespace gateway::posts {
namespace {

/// The time of one look, and how many are under way at once: so waits never take all connections to TikTok.
constexpr seconds look_within{10};
constexpr std::size_t looks_max = 24;
constexpr seconds announce_within{2};
/// The pauses between looks while somebody waits (docs/tiktok-wire.md §6); the last one is repeated.
constexpr std::array pauses{seconds{2}, seconds{3}, seconds{5}, seconds{8}, seconds{10}};

} // namespace

/// What the places and the home worker share.
struct post_watch::state {
    explicit state(worker& home_) : home(home_) {}

    using found = std::vector<std::shared_ptr<watched>>;
    found of(const publish_id& post);
    found all();
    void wake(found which);
    bool remove_if_left(const watched& one);
    void remove(const watched& one);
    void remove_locked(const watched& one);
    task<void> follow(std::shared_ptr<watched> one, post_watch& of);
    task<void> announce(store::change what);
    task<void> read_ledger(watched& one, deadline until);
    task<result<status_answer>> ask_tiktok(const watched& one, const store::shared_post& row, deadline until);
    task<void> look_at_tiktok(watched& one, deadline until);

    worker& home;
    status_book* book = nullptr;
    user_api::api_client* tiktok = nullptr;
    wanted_bytes wanted; // by other replicas
    std::mutex mutex;    // for the next two, and watched::places
    std::unordered_map<std::string, found> posts;
    bool leaving = false;
    turns looks{looks_max}; // home worker
};

bool seen_post::is_final() const {
    if (state.empty()) return trouble && !facts(trouble->code()).retryable;
    return has_end;
}

result<status_answer> seen_post::answer() && {
    if (state.empty() && trouble) return std::move(*trouble);
    if (state.empty() && leaving)
        return failure{errc::draining, "This replica is shutting down; another one serves."};
    if (state.empty())
        return failure{errc::deadline_exceeded, "TikTok did not tell the status in time; ask again."};
    status_answer out;
    out.status = std::string_view(status);
    out.state = state;
    out.is_final = has_end;
    out.fail_reason = std::move(fail_reason);
    out.post_ids = std::move(post_ids);
    return out;
}

post_watch::post_watch(worker& home) : state_(std::make_unique<state>(home)) {}
post_watch::~post_watch() = default;

void post_watch::use(status_book& book, user_api::api_client& tiktok) {
    state_->book = &book;
    state_->tiktok = &tiktok;
}

post_watch::state::found post_watch::state::of(const publish_id& post) {
    const std::lock_guard lock(mutex);
    const auto here = posts.find(post.text());
    return here == posts.end() ? found{} : here->second;
}

post_watch::state::found post_watch::state::all() {
    const std::lock_guard lock(mutex);
    found out;
    for (const auto& [id, each] : posts)
        out.insert(out.end(), each.begin(), each.end());
    return out;
}

/// Has them read the ledger.
void post_watch::state::wake(found which) {
    if (which.empty()) return;
    boost::asio::post(home.executor(), [which = std::move(which)] {
        for (const auto& one : which)
            one->note_news();
    });
}

/// A watched post that nobody waits for any more is removed by its own coroutine, so whoever comes back soon
/// finds it with what was known, and costs TikTok no look. One that is final is removed too: whoever comes
/// next looks anew.
bool post_watch::state::remove_if_left(const watched& one) {
    const std::lock_guard lock(mutex);
    if (one.places > 0 && !one.is_final()) return false;
    remove_locked(one);
    return true;
}

void post_watch::state::remove(const watched& one) {
    const std::lock_guard lock(mutex);
    remove_locked(one);
}

void post_watch::state::remove_locked(const watched& one) {
    const auto here = posts.find(one.post.text());
    if (here == posts.end()) return;
    std::erase_if(here->second, [&one](const auto& each) { return each.get() == &one; });
    if (here->second.empty()) posts.erase(here);
}

post_watch::place post_watch::join(const user_id& user, const publish_id& post) {
    std::shared_ptr<watched> one;
    bool is_new = false;
    {
        const std::lock_guard lock(state_->mutex);
        auto& of_post = state_->posts[post.text()];
        const auto there = std::find_if(of_post.begin(), of_post.end(),
                                        [&user](const auto& each) { return each->user == user; });
        is_new = there == of_post.end();
        if (is_new) of_post.push_back(std::make_shared<watched>(user, post, state_->leaving));
        one = is_new ? of_post.back() : *there;
        ++one->places;
    }
    places_.fetch_add(1, std::memory_order_relaxed);
    if (is_new) {
        posts_.fetch_add(1, std::memory_order_relaxed);
        boost::asio::post(state_->home.executor(),
                          [this, one] { state_->home.group().spawn(state_->follow(one, *this)); });
    }
    return {*this, std::move(one)};
}

post_watch::place::~place() {
    at_.places_.fetch_sub(1, std::memory_order_relaxed);
    const std::lock_guard lock(at_.state_->mutex);
    --what_->places;
}

seen_post post_watch::place::now() const {
    return what_->now();
}

task<void> post_watch::place::wait(std::uint64_t number, deadline until) const {
    return what_->wait(number, until);
}

void post_watch::bytes_sent(const publish_id& post, std::uint64_t sent, std::uint64_t size) {
    if (posts() > 0)
        for (const auto& one : state_->of(post))
            one->note_bytes(sent, size);
    if (!state_->wanted.may_tell(post, sent == size, steady_now())) return;
    boost::asio::post(state_->home.executor(), [this, what = store::change::of(post, sent)] {
        state_->home.group().spawn(state_->announce(what));
    });
}

task<void> post_watch::state::announce(store::change what) {
    (void)co_await book->ledger().announce(std::move(what), deadline::in(steady_now(), announce_within));
}

bool post_watch::is_watched(const publish_id& post) const {
    return posts() > 0 && !state_->of(post).empty();
}

void post_watch::leave() {
    {
        const std::lock_guard lock(state_->mutex);
        state_->leaving = true;
    }
    for (const auto& one : state_->all())
        one->note_leaving();
}

void post_watch::post_changed(const publish_id& post) {
    if (posts() == 0) return;
    state_->wake(state_->of(post));
}

void post_watch::changed(const store::change& what) {
    using kind = store::change::kind;
    const auto post = publish_id::trusted(what.name);
    if (what.what == kind::post) post_changed(post);
    if (what.what == kind::bytes_wanted) state_->wanted.want(post, steady_now());
    if (what.what == kind::bytes && posts() > 0)
        for (const auto& one : state_->of(post))
            one->note_bytes(what.number);
}

/// What was missed without the feed is read now.
void post_watch::feed_connected(bool is) {
    if (is && posts() > 0) state_->wake(state_->all());
}

/// After news that this process or another one has written there.
task<void> post_watch::state::read_ledger(watched& one, deadline until) {
    const auto known = co_await book->ledger().find(one.user, one.post, until);
    if (!known)
        one.note_trouble(known.error());
    else if (*known)
        one.note(answer_of_ledger(**known));
}

task<result<status_answer>> post_watch::state::ask_tiktok(const watched& one, const store::shared_post& row,
                                                          deadline until) {
    telemetry::call_record unused;
    user_api::bound_api api(*tiktok, one.user, unused, until);
    const auto bound = co_await api.bind();
    if (!bound) co_return bound.error();
    auto asked = co_await ask_status(api, *book, row, one.post, learned_by::wait, wall_now());
    co_return asked;
}

task<void> post_watch::state::look_at_tiktok(watched& one, deadline until) {
    const auto known = co_await book->ledger().find(one.user, one.post, until);
    if (!known) co_return one.note_trouble(known.error());
    const auto& row = *known;
    if (row) one.note_size(row->size_bytes);
    if (row && row->state == store::post_state::begun) {
        // Its bytes are still being sent, so TikTok knows no more.
        one.note(answer_of_ledger(*row));
        co_return co_await announce(store::change::bytes_wanted(one.post));
    }
    if (row && is_end(row->status)) co_return one.note(answer_of_ledger(*row));
    // What is known meanwhile, because TikTok may be slow; what ends a wait is asked first.
    if (row && one.now().number == 0 && !answer_of_ledger(*row).is_final) one.note(answer_of_ledger(*row));
    auto asked = co_await ask_tiktok(one, row, until);
    if (asked) co_return one.note(std::move(*asked));
    if (row) one.note(answer_of_ledger(*row));
    one.note_trouble(asked.error());
}

/// The life of a watched post, from the first who waits to the last.
task<void> post_watch::state::follow(std::shared_ptr<watched> one, post_watch& of) {
    struct ending {
        post_watch& in;
        const watched& what;
        ~ending() {
            in.state_->remove(what); // if it is still there, because an exception ended this
            in.posts_.fetch_sub(1, std::memory_order_relaxed);
        }
    };
    const ending at_the_end{of, *one};
    for (std::size_t pause = 0;;) {
        {
            const auto turn = co_await looks.take();
            co_await look_at_tiktok(*one, deadline::in(steady_now(), look_within));
        }
        auto next = deadline::in(steady_now(), pauses[pause]);
        pause = std::min(pause + 1, pauses.size() - 1);
        for (bool has_news = true; has_news;) {
            if (remove_if_left(*one)) co_return;
            has_news = co_await one->rest(next);
            if (has_news) co_await read_ledger(*one, deadline::in(steady_now(), look_within));
        }
    }
}

} // namespace gateway::posts
