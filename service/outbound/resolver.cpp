#include "outbound/resolver.hpp"

#include "base/memory/memory_reserve.hpp"
#include "runtime/shared_wait.hpp"

#include <boost/asio/ip/basic_endpoint.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <condition_variable>
#include <cstring>
#include <deque>
#include <exception>
#include <netdb.h>
#include <stdexcept>
#include <sys/socket.h>
#include <thread>
#include <utility>

namespace gateway::outbound {
namespace {

// For this time after a failed lookup, calls for that name do not start another one.
constexpr milliseconds keep_failure{1'000};

using flight = shared_wait<result<addresses>>;

struct known_name {
    addresses good; // the last good answer; empty: none yet
    steady_time good_since{};
    steady_time asked_at{};
    std::optional<failure> last_failure; // of the last lookup, if it failed
    std::shared_ptr<flight> lookup;      // the running lookup
};

result<addresses> ask_system(const std::string& host) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_ADDRCONFIG;
    addrinfo* found = nullptr;
    const int failed = ::getaddrinfo(host.c_str(), nullptr, &hints, &found);
    if (failed != 0) return failure{errc::tiktok_unreachable, "The name " + host + " could not be resolved."};
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owned(found, &::freeaddrinfo);
    addresses all;
    for (const addrinfo* one = found; one; one = one->ai_next) {
        boost::asio::ip::tcp::endpoint endpoint;
        if (one->ai_addrlen > endpoint.capacity()) continue;
        std::memcpy(endpoint.data(), one->ai_addr, one->ai_addrlen);
        all.push_back(endpoint.address());
    }
    return all;
}

} // namespace

struct resolver::state {
    resolver_options with;
    std::map<std::string, addresses> fixed;

    std::mutex mutex;
    std::condition_variable wake;
    std::map<std::string, known_name> names;
    std::deque<std::string> asked;
    bool ending = false;

    struct thread {
        std::thread runs;
        bool busy = false; // in a lookup, which may hang
    };
    std::vector<thread> threads;

    void serve(std::size_t me);
    result<addresses> look_up(const std::string& host) const;
    void answered(known_name& name, result<addresses> answer);
    void ask(const std::string& host, known_name& name);
    known_name* find_or_add(const std::string& host);
};

resolver::resolver(resolver_options options) : state_(std::make_shared<state>()) {
    if (!options.lookup) options.lookup = ask_system;
    for (const auto& [name, text] : options.fixed) {
        boost::system::error_code bad;
        const auto address = boost::asio::ip::make_address(text, bad);
        if (bad) throw std::runtime_error("the fixed address of " + name + " is none: " + text);
        state_->fixed.emplace(name, addresses{address});
    }
    state_->with = std::move(options);
    state_->threads.resize(state_->with.threads);
    for (std::size_t i = 0; i < state_->threads.size(); ++i)
        state_->threads[i].runs = std::thread([state = state_, i] { state->serve(i); });
}

resolver::~resolver() {
    std::vector<std::thread> idle;
    {
        const std::lock_guard lock(state_->mutex);
        state_->ending = true;
        for (auto& thread : state_->threads) {
            if (thread.busy)
                thread.runs
                    .detach(); // owns a reference to the state, notifies no one, and ends with its lookup
            else
                idle.push_back(std::move(thread.runs));
        }
    }
    state_->wake.notify_all();
    for (auto& thread : idle)
        thread.join();
}

task<result<addresses>> resolver::resolve(std::string host, deadline until) {
    const auto keep = state_;
    if (const auto fixed = keep->fixed.find(host); fixed != keep->fixed.end()) co_return fixed->second;
    boost::system::error_code not_an_address;
    const auto literal = boost::asio::ip::make_address(host, not_an_address);
    if (!not_an_address) co_return addresses{literal};

    std::shared_ptr<flight> lookup;
    {
        const steady_time now = steady_now();
        const std::lock_guard lock(keep->mutex);
        known_name* const name = keep->find_or_add(host);
        if (!name) co_return failure{errc::overloaded, "Too many names are being resolved."};
        const bool usable = !name->good.empty() && now - name->good_since < keep->with.keep_last_good;
        if (usable) {
            if (!name->lookup && now - name->asked_at >= keep->with.refresh_after) keep->ask(host, *name);
            co_return name->good;
        }
        if (!name->lookup && name->last_failure && now - name->asked_at < keep_failure)
            co_return *name->last_failure;
        if (!name->lookup) keep->ask(host, *name);
        lookup = name->lookup;
    }
    const auto answer = co_await lookup->wait(until);
    if (!answer)
        co_return failure{errc::deadline_exceeded, "The name " + host + " was not resolved in time."};
    co_return *answer;
}

known_name* resolver::state::find_or_add(const std::string& host) {
    if (const auto found = names.find(host); found != names.end()) return &found->second;
    if (names.size() >= with.names_max) {
        auto oldest = names.end();
        for (auto n = names.begin(); n != names.end(); ++n)
            if (!n->second.lookup && (oldest == names.end() || n->second.asked_at < oldest->second.asked_at))
                oldest = n;
        if (oldest == names.end()) return nullptr;
        names.erase(oldest);
    }
    return &names[host];
}

void resolver::state::ask(const std::string& host, known_name& name) {
    const memory_reserve::scope no_failure; // all who wait for the lookup rely on it
    name.lookup = std::make_shared<flight>();
    name.asked_at = steady_now();
    asked.push_back(host);
    wake.notify_one();
}

/// What a lookup throws is a failure of that lookup.
result<addresses> resolver::state::look_up(const std::string& host) const {
    try {
        memory_reserve::enter_body();
        auto found = with.lookup(host);
        memory_reserve::leave_body();
        return found;
    } catch (const std::exception&) {
        memory_reserve::leave_body();
        return failure{errc::tiktok_unreachable, "The name " + host + " could not be looked up."};
    }
}

void resolver::state::serve(std::size_t me) {
    memory_reserve::leave_body(); // an exception would end the process
    std::unique_lock lock(mutex);
    for (;;) {
        wake.wait(lock, [this] { return ending || !asked.empty(); });
        if (ending) return;
        const std::string host = std::move(asked.front());
        asked.pop_front();
        threads[me].busy = true;
        lock.unlock();
        auto answer = look_up(host);
        lock.lock();
        if (ending) return; // the loops of the waiting coroutines may be destroyed
        threads[me].busy = false;
        answered(names[host], std::move(answer));
    }
}

void resolver::state::answered(known_name& name, result<addresses> answer) {
    if (answer && answer->empty())
        answer = failure{errc::tiktok_unreachable, "The name was resolved to no address."};
    if (answer) {
        name.good = *answer;
        name.good_since = steady_now();
        name.last_failure.reset();
    } else {
        name.last_failure = answer.error();
    }
    // Under the lock, so that no coroutine is woken after the resolver has ended.
    std::exchange(name.lookup, nullptr)->set(std::move(answer));
}

} // namespace gateway::outbound
