// How news of watched posts are found: in the ledger at once, at TikTok now and then.
#include "posts/post_facts.hpp"
#include "posts/post_watch_state.hpp"
#include "posts/status_book.hpp"
#include "runtime/worker.hpp"
#include "telemetry/call_record.hpp"
#include "user_api/bound_api.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace gateway::posts {
namespace {

constexpr seconds look_within{10};
constexpr seconds announce_within{2};
/// The pauses between looks while somebody waits (docs/tiktok-wire.md §6); the last one is repeated.
constexpr std::array pauses{seconds{2}, seconds{3}, seconds{5}, seconds{8}, seconds{10}};

} // namespace

task<void> post_watch::state::announce(store::change what) {
    (void)co_await book->ledger().announce(std::move(what), deadline::in(steady_now(), announce_within));
}

task<void> post_watch::state::read_ledger(watched& one) {
    const auto known =
        co_await book->ledger().find(one.user, one.post, deadline::in(steady_now(), look_within));
    if (!known)
        one.note_trouble(known.error());
    else if (*known)
        one.note(answer_of_ledger(**known));
}

/// What this process or another one has written there.
task<void> post_watch::state::read_news(std::shared_ptr<state> in, std::shared_ptr<watched> one) {
    struct reading {
        watched& of;
        ~reading() { of.stop_reading(); }
    };
    const reading until_all_is_read{*one};
    while (one->take_news())
        co_await in->read_ledger(*one);
}

task<result<status_answer>> post_watch::state::ask_tiktok(const watched& one, const store::shared_post& row) {
    telemetry::call_record unused;
    user_api::bound_api api(*tiktok, one.user, unused, deadline::in(steady_now(), look_within));
    const auto bound = co_await api.bind();
    if (!bound) co_return bound.error();
    auto asked = co_await ask_status(api, *book, row, one.post, learned_by::wait, wall_now());
    co_return asked;
}

task<void> post_watch::state::look_at_tiktok(watched& one, const store::shared_post& row,
                                             std::uint64_t news) {
    failure why{errc::overloaded, "TikTok is asked about too many posts right now; ask again."};
    const auto turn = co_await looks.take(deadline::in(steady_now(), look_within));
    if (turn) {
        auto asked = co_await ask_tiktok(one, row);
        // The ledger has learned more meanwhile, and this answer may be older.
        if (one.news() != news) co_return;
        if (asked) co_return one.note(std::move(*asked));
        why = asked.error();
    }
    if (one.news() != news) co_return;
    if (row) one.note(answer_of_ledger(*row));
    one.note_trouble(std::move(why));
}

/// The ledger first: what it knows is told whatever TikTok does meanwhile.
task<void> post_watch::state::look(watched& one) {
    const auto news = one.news();
    const auto known =
        co_await book->ledger().find(one.user, one.post, deadline::in(steady_now(), look_within));
    if (one.news() != news) co_return; // they are being read, and this row may be older
    if (!known) co_return one.note_trouble(known.error());
    const auto& row = *known;
    if (row) one.note_size(row->size_bytes);
    if (row && row->state == store::post_state::begun) {
        // Its bytes are still being sent, so TikTok knows no more.
        one.note(answer_of_ledger(*row));
        co_return co_await announce(store::change::bytes_wanted(one.post));
    }
    if (row && is_end(row->status)) co_return one.note(answer_of_ledger(*row));
    // What ends a wait, as a draft in the inbox does, TikTok is asked first: it may be over meanwhile.
    if (row && one.now().number == 0 && !answer_of_ledger(*row).is_final) one.note(answer_of_ledger(*row));
    co_await look_at_tiktok(one, row, news);
}

/// The life of a watched post, from the first who waits to the last.
task<void> post_watch::state::follow(std::shared_ptr<state> in, std::shared_ptr<watched> one) {
    struct ending {
        state& of;
        const watched& what;
        ~ending() {
            of.remove(what); // if it is still there, because an exception ended this
            of.watched_posts.fetch_sub(1, std::memory_order_relaxed);
        }
    };
    const ending at_the_end{*in, *one};
    for (std::size_t pause = 0;; pause = std::min(pause + 1, pauses.size() - 1)) {
        co_await in->look(*one);
        const auto next = deadline::in(steady_now(), pauses[pause]);
        bool has_end = true;
        while (has_end) {
            if (in->remove_if_left(*one)) co_return;
            has_end = co_await one->rest(next);
        }
    }
}

} // namespace gateway::posts
