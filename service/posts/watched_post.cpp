#include "posts/watched_post.hpp"

#include "runtime/waiter.hpp"

#include <utility>

namespace gateway::posts {
namespace {

constexpr milliseconds between_bytes{250};

} // namespace

post_watch::watched::watched(user_id of, publish_id what, bool leaving)
    : user(std::move(of)), post(std::move(what)), next_(std::make_shared<wait_places>()) {
    now_.leaving = leaving;
}

seen_post post_watch::watched::now() const {
    const std::lock_guard lock(mutex_);
    return now_;
}

std::shared_ptr<wait_places> post_watch::watched::after(std::uint64_t number) const {
    const std::lock_guard lock(mutex_);
    return now_.number == number ? next_ : last_;
}

void post_watch::watched::change(cause by, const std::function<bool(seen_post&)>& apply) {
    std::shared_ptr<wait_places> woken;
    {
        const std::lock_guard lock(mutex_);
        const bool is_first = now_.number == 0;
        const bool is_news = apply(now_);
        if (is_first ? by != cause::look : !is_news) return;
        ++now_.number;
        woken = last_ = std::exchange(next_, std::make_shared<wait_places>());
    }
    woken->open();
}

void post_watch::watched::note(status_answer told) {
    change(cause::look, [&told](seen_post& now) {
        now.trouble.reset();
        const bool same = now.status == std::string_view(told.status) && now.state == told.state
                          && now.fail_reason == told.fail_reason && now.post_ids == told.post_ids;
        now.status = std::string_view(told.status);
        now.state = told.state;
        now.has_end = told.is_final;
        now.fail_reason = std::move(told.fail_reason);
        now.post_ids = std::move(told.post_ids);
        return !same;
    });
}

void post_watch::watched::note_trouble(failure why) {
    change(cause::look, [&why](seen_post& now) {
        now.trouble = std::move(why);
        return now.is_final();
    });
}

void post_watch::watched::note_bytes(std::uint64_t sent, std::uint64_t size) {
    const auto at = steady_now();
    {
        const std::lock_guard lock(mutex_);
        if (at - told_bytes_at_ < between_bytes && sent < size) return;
        told_bytes_at_ = at;
    }
    change(cause::others, [sent, size](seen_post& now) {
        now.bytes_sent = sent;
        now.size_bytes = size;
        return true;
    });
}

void post_watch::watched::note_bytes(std::uint64_t sent) {
    std::uint64_t size = 0;
    {
        const std::lock_guard lock(mutex_);
        size = now_.size_bytes;
    }
    if (size >= sent) note_bytes(sent, size);
}

void post_watch::watched::note_size(std::uint64_t size) {
    const std::lock_guard lock(mutex_);
    now_.size_bytes = size;
}

void post_watch::watched::note_leaving() {
    change(cause::look, [](seen_post& now) { // also before the first look
        now.leaving = true;
        return true;
    });
}

bool post_watch::watched::is_final() const {
    const std::lock_guard lock(mutex_);
    return now_.is_final();
}

bool post_watch::watched::note_news() {
    ++news_;
    return !std::exchange(is_reading_, true);
}

bool post_watch::watched::take_news() {
    return std::exchange(news_read_, news_) != news_;
}

void post_watch::watched::stop_reading() {
    is_reading_ = false;
    if (resting_ && is_final()) resting_->wake();
}

task<bool> post_watch::watched::rest(deadline until) {
    if (!is_final()) {
        const executor_type home = co_await boost::asio::this_coro::executor;
        waiter pause(home, until);
        struct registration {
            waiter*& place;
            ~registration() { place = nullptr; }
        };
        resting_ = &pause;
        const registration mine{resting_};
        (void)co_await pause.wait();
    }
    co_return is_final();
}

} // namespace gateway::posts
