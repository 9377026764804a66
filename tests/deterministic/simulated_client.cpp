#include "deterministic/simulated_client.hpp"

#include "limits/window.hpp"
#include "runtime/shared_wait.hpp"

#include <iterator>
#include <memory>
#include <utility>

namespace gateway::simulation {
namespace {

post_network*& the_network() {
    static post_network* one = nullptr;
    return one;
}

using outcome = outbound::exchange_result<outbound::reply>;

outcome failed_after_sending(errc code, const char* what) {
    return outcome(failure(code, what), outbound::request_bytes::may_have_left);
}

outbound::reply plain(int status) {
    outbound::reply out;
    out.status = status;
    // In TikTok's own format, because a bare 429 may come from a proxy and leaves a post in doubt.
    if (status == 429) out.bytes = R"({"error":{"code":"rate_limit_exceeded"}})";
    return out;
}

/// An error without effect. The client cannot know that after a 5xx, but it can after TikTok's own 429.
outbound::reply error_with(int status) {
    auto out = plain(status);
    if (status == 429) out.bytes = R"({"error":{"code":"rate_limit_exceeded","message":"m","log_id":"l"}})";
    return out;
}

constexpr int pages[] = {200, 401, 403, 404, 502};

outbound::reply page_with(int status) {
    auto out = plain(status);
    out.bytes = "<html>no</html>";
    return out;
}

} // namespace

void set_network(post_network* to) {
    the_network() = to;
}

/// Status 0: its answer does not arrive, though it has heard.
task<outcome> post_network::carry_to_receiver(std::string request, deadline until) {
    const auto answer = std::make_shared<shared_wait<outcome>>();
    const auto there = world_.chance().between(faults.fastest, faults.slowest);
    auto arrive = [this, answer, request = std::move(request)] {
        const int status = receiver(request);
        if (status != 0) answer->set(outcome(plain(status), outbound::request_bytes::may_have_left));
    };
    world_.after(there, std::move(arrive));
    auto got = co_await answer->wait(until);
    if (!got) co_return failed_after_sending(errc::deadline_exceeded, "no answer in time");
    co_return std::move(*got);
}

task<outcome> post_network::carry(std::string request, deadline until) {
    if (receiver && request.starts_with("POST /told")) {
        auto told = carry_to_receiver(std::move(request), until);
        co_return co_await std::move(told);
    }
    auto& chance = world_.chance();
    const auto there = chance.between(faults.fastest, faults.slowest);
    const auto back = chance.between(faults.fastest, faults.slowest);
    const bool refused = chance.permille(faults.refused_permille);
    const bool lost_before = chance.permille(faults.lost_before_permille);
    const bool lost_after = chance.permille(faults.lost_after_permille);
    const bool silent = chance.permille(faults.silent_permille);
    const bool half = chance.permille(faults.half_permille);
    const int error = chance.permille(faults.error_permille) ? (chance.one_in(3) ? 429 : 503) : 0;
    const bool unreadable = chance.permille(faults.unreadable_permille);
    const int page = chance.permille(faults.page_permille) ? pages[chance.below(std::size(pages))] : 0;
    if (refused)
        co_return outcome(failure(errc::tiktok_unreachable, "no connection"),
                          outbound::request_bytes::none_left);
    const auto key = history_.key_of(request);
    const bool doubtful =
        lost_before || lost_after || silent || half || error == 503 || unreadable || page != 0;
    if (doubtful && on_doubt) on_doubt(key);
    const auto answer = std::make_shared<shared_wait<outcome>>();
    auto arrive = [this, answer, request = std::move(request), back, lost_before, lost_after, silent, half,
                   error, unreadable, page] {
        auto reply = lost_before || error != 0 ? error_with(error) : history_.take(request);
        world_.note(request.substr(0, request.find(' ', 5)), mark_of(history_.key_of(request)),
                    static_cast<std::uint64_t>(reply.status));
        if (half) reply.bytes.resize(reply.bytes.size() / 2);
        if (silent) return;
        if (page != 0) reply = page_with(page);
        const bool broken = lost_before || lost_after;
        world_.after(back, [answer, broken, unreadable, reply = std::move(reply)] {
            if (broken)
                answer->set(failed_after_sending(errc::tiktok_unreachable, "the connection broke"));
            else if (unreadable)
                answer->set(failed_after_sending(errc::tiktok_error, "nobody can read this answer"));
            else
                answer->set(outcome(reply, outbound::request_bytes::may_have_left));
        });
    };
    world_.after(there, std::move(arrive));
    auto got = co_await answer->wait(until);
    if (!got) {
        if (on_doubt) on_doubt(key);
        co_return failed_after_sending(errc::deadline_exceeded, "no answer in time");
    }
    co_return std::move(*got);
}

} // namespace gateway::simulation

namespace gateway::outbound {

struct client::state {
    simulation::post_network* network;
};

/// Holds the body until it is complete, because TikTok's upload host counts whole chunks.
class client::streamed final : public exchange {
public:
    streamed(simulation::post_network& network, std::string head)
        : network_(network), request_(std::move(head)) {}
    task<exchange_result<bool>> write(std::string_view piece, deadline) override {
        request_ += piece;
        co_return exchange_result<bool>(true, request_bytes::may_have_left);
    }
    task<exchange_result<reply>> finish(deadline until) override {
        return network_.carry(std::move(request_), until);
    }

private:
    simulation::post_network& network_;
    std::string request_;
};

client::client(worker&, const tls_client_context&, resolver&, client_limits)
    : state_(std::make_shared<state>(state{simulation::the_network()})) {}
client::~client() = default;

task<exchange_result<reply>> client::send(limits::permit& slot, const origin& to, std::string_view request,
                                          deadline until, sharer by, connection_choice over) {
    slot.use();
    const times when{until, until.no_later_than(slot.send_by())};
    return carry(to, request, when, by, over, answer_has::no_tokens);
}
task<exchange_result<reply>> client::send(no_window, const origin& to, std::string_view request,
                                          deadline until, sharer by, answer_has what) {
    const times when{until, until};
    return carry(to, request, when, by, connection_choice::any, what);
}

task<exchange_result<reply>> client::carry(const origin&, std::string_view request, times when, sharer,
                                           connection_choice, answer_has) {
    return state_->network->carry(std::string(request), when.until); // a connection is always ready
}

task<result<std::unique_ptr<exchange>>> client::begin(no_window, const origin&, std::string head, deadline,
                                                      sharer) {
    std::unique_ptr<exchange> made = std::make_unique<streamed>(*state_->network, std::move(head));
    co_return made;
}

pool_stats client::stats() const {
    return {};
}
void client::close() {}

} // namespace gateway::outbound
