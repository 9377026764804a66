// The fixture of the tests in which one allocation of the gateway fails, each in turn. The gateway has one
// worker, so that the allocations of a call come in nearly the same order each time.
#pragma once
#include "base/memory/failing_new.hpp"
#include "flow/action_test.hpp"

#include <cstddef>
#include <fcntl.h>
#include <functional>
#include <string>
#include <sys/mman.h>
#include <unistd.h>

namespace fault {

using gateway::allocation_fault;
using gateway::milliseconds;
using gateway::seconds;

class FailingMemory : public action_test {
protected:
    FailingMemory() {
        const auto file = w.folder().write("allocations", std::string(sizeof(allocation_fault), '\0'));
        const int descriptor = ::open(file.c_str(), O_RDWR | O_CLOEXEC);
        fault_ = static_cast<allocation_fault*>(
            ::mmap(nullptr, sizeof(allocation_fault), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0));
        ::close(descriptor);
        w.options.variables["TIKTOK_GATEWAY_FAILING_MEMORY"] = file;
        w.options.variables["TIKTOK_GATEWAY__WORKERS"] = "1";
    }
    ~FailingMemory() override { ::munmap(fault_, sizeof(allocation_fault)); }

    /// Makes `call` again and again: with its first allocation failing, its second, and so on, until it has
    /// fewer. After each `then` is called with the number, when nothing fails any more; `before` likewise.
    void fail_each_allocation_of(
        const std::function<void(int)>& call, const std::function<void(int)>& then, int at_most = 5'000,
        const std::function<void(int)>& before = [](int) {}) {
        int n = 1;
        for (; n <= at_most && !HasFailure(); ++n) {
            SCOPED_TRACE("allocation " + std::to_string(n));
            before(n);
            fault_->left.store(n);
            call(n);
            const bool over = fault_->left.exchange(0) > 0;
            then(n);
            if (over) break;
        }
        EXPECT_GT(fault_->thrown.load(), 3) << "this cannot be all";
    }
    /// Makes the same write, with a key of its own each time, and repeats it until it has its final answer:
    /// none is made twice.
    void fail_each_allocation_of_write(const std::function<harness::answer(int)>& send,
                                       std::size_t posts_each) {
        int keys = 0;
        const auto then = [&](int n) {
            keys = n;
            const auto got = settled([&] { return send(n); });
            EXPECT_NE(got.status, 0);
            EXPECT_NE(got.code(), "in_progress") << got.raw;
        };
        fail_each_allocation_of([&](int n) { (void)send(n); }, then);
        EXPECT_LE(posts_at_tiktok(), static_cast<std::size_t>(keys) * posts_each);
        EXPECT_EQ(send(keys + 1).status, 200);
    }
    harness::http_client patient_for(milliseconds wait) {
        auto client = w.api();
        client.wait_at_most(wait);
        if (!trusted_.empty()) client.over_tls(trusted_, "localhost");
        return client;
    }
    /// The gateway serves: the store and TikTok.
    void expect_service(const std::string& user) {
        const auto got = patient_for(seconds{20}).get(path_of(user, "/info"));
        EXPECT_EQ(got.status, 200) << got.raw;
    }
    /// Repeats the call until it is no passing failure.
    harness::answer settled(const std::function<harness::answer()>& call) {
        const auto until = gateway::steady_now() + seconds{20};
        harness::answer got;
        do
            got = call();
        while (got.header("idempotent-replayed").empty()
               && (got.status == 0 || got.status >= 500 || got.code() == "in_progress")
               && gateway::steady_now() < until);
        return got;
    }
    harness::answer send_photo(const std::string& user, int n) {
        return w.api().post(path_of(user, "/photos"),
                            {{"photo_images", {"https://media.example.com/1.jpg"}}, {"photo_cover_index", 0}},
                            {{"Idempotency-Key", "photo-" + std::to_string(n)}});
    }
    std::size_t posts_at_tiktok() { return w.tiktok().history().at("posts").as_array().size(); }

    allocation_fault* fault_ = nullptr;
    std::string trusted_; // the authority of the gateway's certificate, if it has one
};

} // namespace fault
