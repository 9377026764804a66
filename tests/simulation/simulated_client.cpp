#include "simulation/simulated_client.hpp"

#include "runtime/shared_wait.hpp"

#include <memory>
#include <utility>

namespace gateway::simulation {
namespace {

post_network*& the_network() {
    static post_network* one = nullptr;
    return one;
}

failure lost() {
    return failure{errc::tiktok_unreachable, "the connection broke"}.may_have_reached_tiktok();
}

outbound::reply plain(int status) {
    outbound::reply out;
    out.status = status;
    return out;
}

} // namespace

void set_network(post_network* to) {
    the_network() = to;
}

task<result<outbound::reply>> post_network::carry(std::string request, deadline until) {
    auto& chance = world_.chance();
    const auto there = chance.between(faults.fastest, faults.slowest);
    const auto back = chance.between(faults.fastest, faults.slowest);
    const bool refused = chance.permille(faults.refused_permille);
    const bool lost_before = chance.permille(faults.lost_before_permille);
    const bool lost_after = chance.permille(faults.lost_after_permille);
    const bool silent = chance.permille(faults.silent_permille);
    const bool half = chance.permille(faults.half_permille);
    const int error = chance.permille(faults.error_permille) ? (chance.one_in(3) ? 429 : 503) : 0;
    if (refused) co_return failure{errc::tiktok_unreachable, "no connection"};
    const auto key = history_.key_of(request);
    const bool doubtful = lost_before || lost_after || silent || half || error == 503;
    if (doubtful && on_doubt) on_doubt(key);
    const auto answer = std::make_shared<shared_wait<result<outbound::reply>>>();
    auto arrive = [this, answer, request = std::move(request), back, lost_before, lost_after, silent, half,
                   error] {
        auto reply = lost_before || error != 0 ? plain(error) : history_.take(request);
        world_.note(request.substr(0, request.find(' ', 5)), mark_of(history_.key_of(request)),
                    static_cast<std::uint64_t>(reply.status));
        if (half) reply.bytes.resize(reply.bytes.size() / 2);
        if (silent) return;
        const bool broken = lost_before || lost_after;
        world_.after(back, [answer, broken, reply = std::move(reply)] {
            if (broken)
                answer->set(lost());
            else
                answer->set(reply);
        });
    };
    world_.after(there, std::move(arrive));
    auto got = co_await answer->wait(until);
    if (!got) {
        if (on_doubt) on_doubt(key);
        co_return failure{errc::deadline_exceeded, "no answer in time"}.may_have_reached_tiktok();
    }
    co_return std::move(*got);
}

} // namespace gateway::simulation

namespace gateway::outbound {

struct client::state {
    simulation::post_network* network;
};

/// The body is held until it is whole: TikTok's upload host counts whole pieces.
class client::streamed final : public exchange {
public:
    streamed(simulation::post_network& network, std::string head)
        : network_(network), request_(std::move(head)) {}
    task<result<bool>> write(std::string_view piece, deadline) override {
        request_ += piece;
        co_return true;
    }
    task<result<reply>> finish(deadline until) override { return network_.carry(std::move(request_), until); }

private:
    simulation::post_network& network_;
    std::string request_;
};

client::client(worker&, const tls_client_context&, resolver&, client_limits)
    : state_(std::make_shared<state>(state{simulation::the_network()})) {}
client::~client() = default;

task<result<reply>> client::send(const origin&, std::string_view request, repeat, deadline until) {
    return state_->network->carry(std::string(request), until);
}

task<result<std::unique_ptr<exchange>>> client::begin(const origin&, std::string head, deadline) {
    std::unique_ptr<exchange> made = std::make_unique<streamed>(*state_->network, std::move(head));
    co_return made;
}

pool_stats client::stats() const {
    return {};
}
void client::close() {}

} // namespace gateway::outbound
