#include "posts/post_watch.hpp"

#include "posts/post_watch_state.hpp"
#include "runtime/worker.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <utility>

namespace gateway::posts {

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

post_watch::post_watch(worker& home) : state_(std::make_shared<state>(home)) {}
post_watch::~post_watch() = default;

std::uint64_t post_watch::posts() const {
    return state_->watched_posts.load(std::memory_order_relaxed);
}

std::uint64_t post_watch::places() const {
    return state_->watchers.load(std::memory_order_relaxed);
}

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

/// Has them read the ledger, also while TikTok is being asked.
void post_watch::state::wake(const std::shared_ptr<state>& in, found which) {
    if (which.empty()) return;
    boost::asio::post(in->home.executor(), [in, which = std::move(which)] {
        for (const auto& one : which)
            if (one->note_news()) in->home.group().spawn(read_news(in, one));
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
    state_->watchers.fetch_add(1, std::memory_order_relaxed);
    if (is_new) {
        state_->watched_posts.fetch_add(1, std::memory_order_relaxed);
        boost::asio::post(state_->home.executor(),
                          [in = state_, one] { in->home.group().spawn(state::follow(in, one)); });
    }
    return {state_, std::move(one)};
}

post_watch::place::~place() {
    at_->watchers.fetch_sub(1, std::memory_order_relaxed);
    const std::lock_guard lock(at_->mutex);
    --what_->places;
}

seen_post post_watch::place::now() const {
    return what_->now();
}

task<bool> post_watch::place::wait(std::uint64_t number, deadline until) {
    next_ = what_->after(number);
    return next_->wait(until); // no coroutine of its own: thousands wait here
}

void post_watch::bytes_sent(const publish_id& post, std::uint64_t sent, std::uint64_t size) {
    if (posts() > 0)
        for (const auto& one : state_->of(post))
            one->note_bytes(sent, size);
    if (!state_->wanted.may_tell(post, sent == size, steady_now())) return;
    boost::asio::post(state_->home.executor(), [in = state_, what = store::change::of(post, sent)] {
        in->home.group().spawn(in->announce(what));
    });
}

bool post_watch::is_watched(const user_id& user, const publish_id& post) const {
    if (posts() == 0) return false;
    const auto of_post = state_->of(post);
    return std::any_of(of_post.begin(), of_post.end(),
                       [&user](const auto& one) { return one->user == user; });
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
    state::wake(state_, state_->of(post));
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
    if (is && posts() > 0) state::wake(state_, state_->all());
}

} // namespace gateway::posts
