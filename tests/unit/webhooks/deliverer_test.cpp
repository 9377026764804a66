// Deliveries over real connections: in order, again after a failure, and no receiver delays another.
#include "webhooks/deliverer.hpp"

#include "outbound/address_rules.hpp"
#include "outbound/resolver.hpp"
#include "outbound/tls_client_context.hpp"
#include "store/queries.hpp"
#include "store/store.hpp"
#include "telemetry/log_queue.hpp"
#include "telemetry/sink.hpp"
#include "unit/runtime/run_on.hpp"
#include "unit/store/temporary_folder.hpp"
#include "unit/webhooks/webhook_receiver.hpp"
#include "webhooks/pace.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <latch>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace gateway::webhooks {
namespace {

using namespace gateway::testing;
using store::event_type;

class Deliverer : public ::testing::Test {
protected:
    Deliverer() {
        auto opened = store::open_store("sqlite:" + folder.file("gateway.db"));
        if (!opened) throw std::runtime_error(opened.error().message());
        store = std::move(*opened);
        how.first_retry = milliseconds{10};
        how.deadline = milliseconds{2'000};
    }
    ~Deliverer() override { stop(); }

    settings::caller caller(const std::string& name, const std::string& url) {
        settings::caller out;
        out.name = name;
        out.webhook_url = url;
        std::vector<secret> keys;
        keys.push_back(settings::read_signing_secret(webhook_receiver::key).value());
        out.webhook_secrets = settings::signing_secrets(std::move(keys));
        return out;
    }
    void start(const std::vector<settings::caller>& callers) {
        made.emplace(deliverer::parts{loop, store->outbox, tls, names, addresses, several, sink, good}, how,
                     receivers_of(callers));
        loop.group().spawn(made->run());
    }
    void stop() {
        if (loop.group().size() == 0) return; // the end of a drain
        loop.group().cancel();
        turn_until(loop, [this] { return loop.group().size() == 0; });
    }
    void add(const std::string& id, const std::string& subject, const std::string& by = "shop") {
        store::outgoing_event event;
        event.id = id;
        event.caller = caller_name::trusted(by);
        event.user = user_id::trusted("ann");
        event.subject = subject;
        event.type = event_type::post_published;
        event.body = R"({"type":"post.published","data":{"subject":")" + subject + R"("}})";
        event.created_at = wall_now();
        const auto added = run_on(
            loop, store::run(store->on(), store::unit::atomic_writes(), soon(), &store::add_event, event));
        ASSERT_TRUE(added);
    }
    std::uint64_t counted(out_result result) const { return made->count(event_type::post_published, result); }
    bool nothing_waits() {
        const auto oldest = run_on(loop, store->outbox.oldest_undelivered(soon()));
        return oldest && !*oldest;
    }
    /// The log so far.
    std::string said() const {
        std::ifstream in(folder.file("log"));
        return {std::istreambuf_iterator<char>(in), {}};
    }
    template <class Condition>
    void wait(Condition done) {
        turn_until(loop, done);
    }

    certificate_authority authority;
    temporary_folder folder;
    outbound::tls_client_context tls{folder.write("ca.pem", authority.pem())};
    outbound::resolver names{{.fixed = {{"shop.test", "127.0.0.1"}, {"other.test", "127.0.0.1"}}}};
    outbound::address_rules addresses{{"*.test"}};
    caller_count several;
    const int log = ::open(folder.file("log").c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
    telemetry::log_queue lines{log};
    telemetry::sink sink{{}, lines, telemetry::level::warn, 1};
    std::atomic<bool> good{true};
    settings::webhooks how;
    worker loop;
    std::unique_ptr<store::store> store;
    std::optional<deliverer> made;
};

TEST_F(Deliverer, SendsEachEventOnceAndSigned) {
    webhook_receiver shop(authority.issue("shop.test"));
    start({caller("shop", shop.url("shop.test"))});
    for (int at = 0; at < 20; ++at)
        add("e" + std::to_string(at), "a" + std::to_string(at % 5));
    wait([&] { return counted(out_result::taken) == 20; });
    wait([&] { return nothing_waits(); });
    std::map<std::string, std::vector<std::string>> by_subject;
    for (const auto& one : shop.all()) {
        EXPECT_TRUE(one.is_signed);
        EXPECT_EQ(one.target, "/hooks?for=me");
        by_subject[one.in_data("subject")].push_back(one.id);
    }
    EXPECT_EQ(shop.count(), 20U);
    EXPECT_EQ(by_subject["a3"], (std::vector<std::string>{"e3", "e8", "e13", "e18"})) << "in order";
}

TEST_F(Deliverer, TriesAgainUntilItIsTakenWithTheSameIdAndBodyAndInOrder) {
    std::atomic<int> refused{0};
    webhook_receiver shop(authority.issue("shop.test"), [&](const received_webhook&) {
        if (refused < 5) {
            ++refused;
            return webhook_receiver::status(refused == 1 ? 302 : 500,
                                            "Location: https://shop.test/elsewhere\r\n");
        }
        return webhook_receiver::status(202);
    });
    start({caller("shop", shop.url("shop.test"))});
    add("e1", "a1");
    add("e2", "a1");
    wait([&] { return counted(out_result::taken) == 2; });
    EXPECT_EQ(counted(out_result::failed), 5U);
    const auto all = shop.all();
    ASSERT_EQ(all.size(), 7U);
    for (std::size_t at = 0; at < 6; ++at) {
        EXPECT_EQ(all[at].id, "e1") << at;
        EXPECT_EQ(all[at].body, all[0].body);
        EXPECT_EQ(all[at].target, "/hooks?for=me") << "S06: a redirect is not followed";
    }
    EXPECT_EQ(all[6].id, "e2");
}

TEST_F(Deliverer, S06ARedirectIsNotFollowed) {
    webhook_receiver other(authority.issue("other.test"));
    webhook_receiver shop(authority.issue("shop.test"), [&](const received_webhook&) {
        return webhook_receiver::status(307, "Location: " + other.url("other.test") + "\r\n");
    });
    start({caller("shop", shop.url("shop.test"))});
    add("e1", "a1");
    wait([&] { return counted(out_result::failed) == 3; });
    EXPECT_EQ(other.count(), 0U);
    EXPECT_EQ(counted(out_result::taken), 0U);
}

TEST_F(Deliverer, S07AnAnswerThatIsEndlessOrALieIsCut) {
    const std::string begin = "HTTP/1.1 200 OK\r\n";
    std::atomic<int> asked{0};
    loopback_server odd(authority.issue("shop.test"), [&](peer& p) {
        p.read_head();
        const int number = asked++;
        if (number == 0) { // far more than is read
            p.write(begin + "Content-Length: 100000000\r\n\r\n");
            for (int block = 0; block < 1'000; ++block)
                p.write(std::string(16'384, 'x'));
        } else if (number == 1) { // never whole
            p.write(begin + "Content-Length: 10\r\n\r\nabc");
        } else {
            p.write(answer("taken, with some words"));
        }
        p.wait_for_end();
    });
    how.deadline = milliseconds{300};
    start({caller("shop", "https://shop.test:" + std::to_string(odd.port()))});
    add("e1", "a1");
    wait([&] { return counted(out_result::taken) == 1; });
    EXPECT_EQ(counted(out_result::failed), 2U);
    EXPECT_EQ(asked, 3);
}

TEST_F(Deliverer, S09VariablesThatNameAProxyAreNotLookedAt) {
    std::atomic<int> proxied{0};
    loopback_server proxy(authority.issue("other.test"), [&](peer&) { ++proxied; });
    const std::string address = "http://127.0.0.1:" + std::to_string(proxy.port());
    for (const char* name : {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "http_proxy"})
        ::setenv(name, address.c_str(), 1);
    webhook_receiver shop(authority.issue("shop.test"));
    start({caller("shop", shop.url("shop.test"))});
    add("e1", "a1");
    wait([&] { return counted(out_result::taken) == 1; });
    for (const char* name : {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "http_proxy"})
        ::unsetenv(name);
    EXPECT_EQ(shop.count(), 1U);
    EXPECT_EQ(proxied, 0);
}

TEST_F(Deliverer, S10ARefusedAClosedAndASilentPortAreToldInTheSameWords) {
    loopback_server closes(authority.issue("shop.test"), [](peer& p) { p.close_rudely(); });
    loopback_server silent(authority.issue("shop.test"), [](peer& p) { p.wait_for_end(); });
    std::vector<std::string> told;
    how.deadline = milliseconds{100};
    for (const auto port : {std::uint16_t{1}, closes.port(), silent.port()}) {
        const auto by = "c" + std::to_string(told.size());
        start({caller(by, "https://shop.test:" + std::to_string(port))});
        for (int at = 0; at < 8; ++at)
            add(by + std::to_string(at), by + std::to_string(at), by);
        wait([&] { return said().find("\"caller\":\"" + by) != std::string::npos; });
        const auto line = said().substr(said().find("\"caller\":\"" + by));
        const auto reason = line.find("\"reason\":");
        told.push_back(line.substr(reason, line.find('}', reason) - reason));
        stop();
    }
    EXPECT_EQ(told, std::vector<std::string>(3, R"("reason":"it did not answer in time")"));
}

TEST_F(Deliverer, AReceiverThatHangsOrIsNotThereDelaysNobodyElse) {
    std::latch ended{1};
    webhook_receiver slow(authority.issue("other.test"), [&](const received_webhook&) {
        ended.wait();
        return webhook_receiver::status(200);
    });
    webhook_receiver shop(authority.issue("shop.test"));
    how.deadline = milliseconds{60'000};
    start({caller("slow", slow.url("other.test")), caller("dead", "https://other.test:1/"),
           caller("shop", shop.url("shop.test"))});
    for (int at = 0; at < 100; ++at) {
        add("s" + std::to_string(at), "s" + std::to_string(at), "slow");
        add("d" + std::to_string(at), "d" + std::to_string(at), "dead");
    }
    add("e1", "a1");
    wait([&] { return counted(out_result::taken) == 1; });
    EXPECT_EQ(shop.count(), 1U);
    EXPECT_LE(slow.count(), 8U);
    ended.count_down();
    wait([&] { return counted(out_result::taken) == 101; });
}

TEST_F(Deliverer, ManyReceiversThatAreSlowButSuccessfulDelayNobodyElse) {
    constexpr std::size_t many = 40;
    std::latch first{1}, rest{1};
    std::atomic<std::size_t> begun{0};
    webhook_receiver slow(authority.issue("other.test"), [&](const received_webhook&) {
        (begun++ < many ? first : rest).wait();
        return webhook_receiver::status(200);
    });
    webhook_receiver shop(authority.issue("shop.test"));
    how.deadline = milliseconds{60'000};
    std::vector<settings::caller> callers{caller("shop", shop.url("shop.test"))};
    for (std::size_t at = 0; at < many; ++at)
        callers.push_back(caller("slow" + std::to_string(at), slow.url("other.test")));
    start(callers);
    const auto add_for_each = [&](const std::string& id) {
        for (std::size_t at = 0; at < many; ++at)
            add(id + std::to_string(at), id + std::to_string(at), "slow" + std::to_string(at));
    };
    for (const char* id : {"a", "b", "c", "d"})
        add_for_each(id);
    wait([&] { return slow.count() == many; }); // one each, as long as nothing is known of them
    const auto known_as_slow = deadline::in(steady_now(), quick_answer + milliseconds{100});
    wait([&] { return known_as_slow.passed(steady_now()); });
    EXPECT_EQ(slow.count(), many);
    first.count_down();
    wait([&] { return slow.count() >= many + several_of_slow_max; });
    add("e1", "a1");
    wait([&] { return counted(out_result::taken) == many + 1; });
    EXPECT_EQ(shop.count(), 1U);
    EXPECT_LE(slow.count(), many + under_way_of_slow_max);
    rest.count_down();
    wait([&] { return counted(out_result::taken) == 4 * many + 1; });
}

TEST_F(Deliverer, A410EndsTheCallersDeliveriesAndNoOthers) {
    webhook_receiver gone(authority.issue("other.test"),
                          [](const received_webhook&) { return webhook_receiver::status(410); });
    webhook_receiver shop(authority.issue("shop.test"));
    start({caller("gone", gone.url("other.test")), caller("shop", shop.url("shop.test"))});
    for (int at = 0; at < 3; ++at)
        add("g" + std::to_string(at), "a1", "gone");
    wait([&] { return nothing_waits(); });
    EXPECT_EQ(gone.count(), 1U);
    add("g9", "a9", "gone");
    add("e1", "a1");
    wait([&] { return counted(out_result::taken) == 1; });
    wait([&] { return nothing_waits(); });
    EXPECT_EQ(gone.count(), 1U);
    EXPECT_EQ(counted(out_result::ended), 3U);
    EXPECT_EQ(counted(out_result::skipped), 1U);
    webhook_receiver anew(authority.issue("other.test"));
    made->change_receivers(receivers_of({caller("gone", anew.url("other.test"))}));
    add("g10", "a9", "gone");
    wait([&] { return counted(out_result::taken) == 2; });
    EXPECT_EQ(anew.count(), 1U) << "another URL is open again";
}

TEST_F(Deliverer, A410OfAUrlThatWasReplacedMeanwhileLosesNothing) {
    std::latch asked{1}, may_answer{1};
    webhook_receiver gone(authority.issue("other.test"), [&](const received_webhook&) {
        asked.count_down();
        may_answer.wait();
        return webhook_receiver::status(410);
    });
    webhook_receiver anew(authority.issue("shop.test"));
    start({caller("shop", gone.url("other.test"))});
    add("e1", "a1");
    add("e2", "a1");
    wait([&] { return asked.try_wait(); });
    made->change_receivers(receivers_of({caller("shop", anew.url("shop.test"))}));
    may_answer.count_down();
    wait([&] { return counted(out_result::taken) == 2; });
    ASSERT_EQ(anew.count(), 2U);
    EXPECT_EQ(anew.all()[0].id, "e1");
    EXPECT_EQ(gone.count(), 1U);
    EXPECT_EQ(counted(out_result::ended), 0U);
    EXPECT_EQ(said().find("webhook_receiver_ended"), std::string::npos) << "nobody has to do anything";
}

TEST_F(Deliverer, AReplicaWithAnotherUrlSaysSoAlsoWithoutWork) {
    webhook_receiver gone(authority.issue("other.test"),
                          [](const received_webhook&) { return webhook_receiver::status(410); });
    start({caller("shop", gone.url("other.test"))});
    add("e1", "a1");
    wait([&] { return counted(out_result::ended) == 1; });
    const auto others_spoke = [&] {
        const auto found = run_on(
            loop,
            store::run(store->on(), store::unit::reads(), soon(), &store::number_of,
                       store::statement("SELECT count(*) FROM webhook_ends WHERE others_until > now_ms()")));
        return found && *found == 1;
    };
    EXPECT_FALSE(others_spoke());
    made->change_receivers(receivers_of({caller("shop", gone.url("shop.test"))}));
    wait(others_spoke);
}

TEST_F(Deliverer, AClaimLastsForItsAnswerItsSendingAndItsEnd) {
    std::latch may_answer{1};
    webhook_receiver shop(authority.issue("shop.test"), [&](const received_webhook&) {
        may_answer.wait();
        return webhook_receiver::status(200);
    });
    start({caller("shop", shop.url("shop.test"))});
    add("e1", "a1");
    wait([&] { return shop.count() == 1; });
    const auto claimed_for =
        run_on(loop, store::run(store->on(), store::unit::reads(), soon(), &store::number_of,
                                store::statement("SELECT next_at - created_at FROM webhook_deliveries")));
    EXPECT_EQ(claimed_for.value(), 22'000U) << "the deadline, and two steps of the store";
    may_answer.count_down();
    wait([&] { return counted(out_result::taken) == 1; });
}

TEST_F(Deliverer, S04AHostWithAnAddressThatIsNotPublicIsSentNothing) {
    webhook_receiver shop(authority.issue("shop.test"));
    const outbound::address_rules strict{{}};
    made.emplace(deliverer::parts{loop, store->outbox, tls, names, strict, several, sink, good}, how,
                 receivers_of({caller("shop", shop.url("shop.test"))}));
    loop.group().spawn(made->run());
    add("e1", "a1");
    wait([&] { return counted(out_result::failed) >= 2; });
    EXPECT_EQ(shop.count(), 0U);
    stop();
}

TEST_F(Deliverer, ADrainEndsWhatIsUnderWayAndAnotherProcessGoesOn) {
    std::latch asked{1}, may_answer{1};
    webhook_receiver shop(authority.issue("shop.test"), [&](const received_webhook& one) {
        if (one.id == "e1") {
            asked.count_down();
            may_answer.wait();
        }
        return webhook_receiver::status(200);
    });
    start({caller("shop", shop.url("shop.test"))});
    add("e1", "a1");
    add("e2", "a1");
    wait([&] { return asked.try_wait(); });
    bool drained = false;
    const auto drain = [&]() -> task<void> {
        co_await made->drain(soon());
        drained = true;
    };
    loop.group().spawn(drain());
    may_answer.count_down();
    wait([&] { return drained; });
    EXPECT_EQ(counted(out_result::taken), 1U);
    EXPECT_EQ(shop.count(), 1U) << "nothing is begun any more";
    stop();
    start({caller("shop", shop.url("shop.test"))});
    wait([&] { return counted(out_result::taken) == 1; });
    EXPECT_EQ(shop.all().back().id, "e2");
    EXPECT_EQ(shop.count(), 2U) << "and nothing is sent twice";
}

TEST_F(Deliverer, P07AStoreThatIsAwayForAWhileLosesNothing) {
    webhook_receiver shop(authority.issue("shop.test"));
    good = false;
    start({caller("shop", shop.url("shop.test"))});
    add("e1", "a1");
    EXPECT_FALSE(shop.wait_for(1, milliseconds{300}));
    good = true;
    wait([&] { return counted(out_result::taken) == 1; });
}

} // namespace
} // namespace gateway::webhooks
