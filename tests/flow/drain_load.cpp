#include "flow/drain_load.hpp"

#include "harness/raw_socket.hpp"

#include <cerrno>
#include <memory>
#include <poll.h>
#include <random>
#include <string_view>
#include <system_error>

namespace drains {

using gateway::milliseconds;
using gateway::seconds;

namespace {

constexpr std::size_t reasons_max = 20;
constexpr milliseconds look_every{5};

const char* name_of(client_kind kind) {
    switch (kind) {
        case client_kind::connects_per_call:
            return "a connection per call";
        case client_kind::keeps_alive:
            return "kept alive";
        case client_kind::rests_between:
            return "kept alive, with pauses";
    }
    return "";
}

/// Polls a condition that other threads make true.
template <class Condition>
bool comes_true(Condition condition, milliseconds wait) {
    const auto until = gateway::deadline::in(gateway::steady_now(), wait);
    while (!condition()) {
        if (until.passed(gateway::steady_now())) return false;
        poll(nullptr, 0, static_cast<int>(look_every.count()));
    }
    return true;
}

} // namespace

/// What a client keeps between two calls.
class connection {
public:
    explicit connection(const target& at) : at_(at) {}
    bool is_open() const { return socket_ != nullptr; }
    void open() {
        socket_ = at_.ca_file.empty()
                      ? std::make_unique<harness::raw_socket>(at_.port)
                      : std::make_unique<harness::raw_socket>(at_.port, at_.ca_file, "localhost");
    }
    void close() { socket_.reset(); }
    harness::raw_socket& socket() { return *socket_; }
    /// Whether the peer sends something or closes within `wait`: a client's pool checks that before it reuses
    /// the connection.
    bool is_stale(milliseconds wait) const {
        pollfd ready{socket_->descriptor(), POLLIN, 0};
        return poll(&ready, 1, static_cast<int>(wait.count())) > 0;
    }

private:
    const target& at_;
    std::unique_ptr<harness::raw_socket> socket_;
};

load::load(target at, std::size_t clients) : at_(std::move(at)), running_(clients) {
    constexpr client_kind kinds[] = {client_kind::connects_per_call, client_kind::keeps_alive,
                                     client_kind::rests_between};
    for (std::size_t i = 0; i < clients; ++i)
        threads_.emplace_back([this, kind = kinds[i % 3], seed = static_cast<unsigned>(i)] {
            run(kind, seed);
            --running_;
        });
}

load::~load() {
    stop_.store(true);
    for (auto& one : threads_)
        one.join();
}

bool load::wait_for_answers(std::uint64_t count, milliseconds wait) const {
    return comes_true([&] { return answered_.load() >= count; }, wait);
}

bool load::wait_until_refused(milliseconds wait) const {
    return comes_true([&] { return running_.load() == 0; }, wait);
}

std::string load::reasons() const {
    const std::lock_guard lock(mutex_);
    std::string all;
    for (const auto& one : reasons_)
        all += one + "\n";
    return all;
}

void load::lose(client_kind kind, const std::string& why) {
    ++lost_;
    const std::lock_guard lock(mutex_);
    if (reasons_.size() < reasons_max) reasons_.push_back(std::string(name_of(kind)) + ": " + why);
}

void load::run(client_kind kind, unsigned seed) {
    std::minstd_rand dice(seed + 1);
    connection over(at_);
    while (!stop_.load() && call(kind, over)) {
        if (kind == client_kind::connects_per_call) over.close();
        if (kind == client_kind::rests_between) {
            std::uniform_int_distribution<long> rest(0, at_.rest.count());
            if (over.is_open() && over.is_stale(milliseconds{rest(dice)})) over.close();
        }
    }
}

/// `false`: the port is closed.
bool load::call(client_kind kind, connection& over) {
    const bool is_new = !over.is_open();
    try {
        if (is_new) over.open();
    } catch (const std::system_error& refused) {
        if (refused.code().value() != ECONNREFUSED) lose(kind, refused.what());
        return refused.code().value() != ECONNREFUSED;
    } catch (const std::runtime_error& broken) {
        lose(kind, broken.what());
        return true;
    }
    const std::string how = is_new ? "on a new connection" : "on an open connection";
    const bool sent = over.socket().send(at_.request);
    const std::string got = over.socket().receive_answer(seconds{30});
    const std::string_view line = std::string_view(got).substr(0, got.find('\r'));
    if (line == "HTTP/1.1 200 OK") {
        ++answered_;
        if (got.find("\r\nConnection: close\r\n") != std::string::npos) over.close();
        return true;
    }
    lose(kind, how + (sent ? ": " : " that took no request: ") + (got.empty() ? "no answer" : got));
    over.close();
    return true;
}

} // namespace drains
