// Random noise: the seeds of the request gate, randomly damaged, are sent to the running gateway, cut or with
// the connection kept open.
#include "flow/wire_test.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <random>

namespace {

class WireNoise : public wire::wire_test {
protected:
    static std::vector<std::string> seeds() {
        std::vector<std::string> all;
        for (const char* kind : {"request_gate", "chunks", "multipart", "json_body"})
            for (const auto& entry :
                 std::filesystem::directory_iterator(std::string(FUZZ_SEEDS) + "/" + kind)) {
                std::ifstream in{entry.path(), std::ios::binary};
                all.emplace_back(std::istreambuf_iterator<char>{in}, std::istreambuf_iterator<char>{});
            }
        return all;
    }
};

TEST_F(WireNoise, C06SurvivesDamagedRequestsInAnyNumber) {
    std::mt19937 random{20261123};
    const auto below = [&random](std::size_t limit) { return limit == 0 ? 0 : random() % limit; };
    std::vector<std::unique_ptr<harness::raw_socket>> open;
    const std::vector<std::string> bytes = seeds();
    ASSERT_GT(bytes.size(), 10U);
    const std::string fine = connect_with(fine_body);
    for (int round = 0; round < 3000; ++round) {
        std::string text = round % 3 == 0 ? fine + bytes[below(bytes.size())] : bytes[below(bytes.size())];
        for (std::size_t damage = below(6); damage > 0; --damage) {
            const std::size_t at = below(text.size());
            text.replace(at, below(3), std::string(below(3), static_cast<char>(below(256))));
        }
        auto socket = std::make_unique<harness::raw_socket>(w.gateway().port(), w.heard());
        socket->send(text.substr(0, below(2) == 0 ? text.size() : below(text.size() + 1)));
        if (below(3) == 0) socket->end_sending();
        if (below(4) == 0) socket->reset();
        open.push_back(std::move(socket));
        if (open.size() > 50) open.erase(open.begin() + static_cast<std::ptrdiff_t>(below(open.size())));
    }
    open.clear();
    expect_alive();
    EXPECT_EQ(w.admin().get("/healthz").status, 200);
    EXPECT_EQ(w.stop_gateway(), 0) << "it drains after all that";
}

} // namespace
