// How long a refusal takes must not tell how close a key was (failure-catalogue C28), measured at the wire.
#include "flow/wire_test.hpp"

#include <array>
#include <chrono>
#include <cmath>
#include <random>

namespace {

class WireKeyTiming : public wire::wire_test {
protected:
    /// A key that shares its first `same` characters with the real one.
    std::string close_key(std::size_t same) const {
        std::string key = w.caller_key();
        for (std::size_t at = same; at < key.size(); ++at)
            key[at] = key[at] == 'x' ? 'y' : 'x';
        return key;
    }
    std::string asking_with(const std::string& key) {
        return "GET /v1/users HTTP/1.1\r\n" + host_field() + "Authorization: Bearer " + key + "\r\n\r\n";
    }
    /// Nanoseconds from the last byte of the request to the whole answer.
    static double time_of(harness::raw_socket& socket, const std::string& bytes) {
        const auto began = gateway::steady_now();
        socket.send(bytes);
        const auto answer = socket.receive_answer();
        const auto took = gateway::steady_now() - began;
        EXPECT_EQ(answer.compare(0, 12, "HTTP/1.1 401"), 0) << answer;
        return static_cast<double>(std::chrono::nanoseconds(took).count());
    }
};

/// Welch's t of two samples: how many standard errors their means lie apart.
double apart(const std::vector<double>& a, const std::vector<double>& b) {
    const auto mean_and_error = [](const std::vector<double>& of) {
        double sum = 0, squares = 0;
        for (const double x : of)
            sum += x;
        const double mean = sum / static_cast<double>(of.size());
        for (const double x : of)
            squares += (x - mean) * (x - mean);
        const auto n = static_cast<double>(of.size());
        return std::array{mean, squares / (n - 1) / n};
    };
    const auto [mean_a, error_a] = mean_and_error(a);
    const auto [mean_b, error_b] = mean_and_error(b);
    return std::abs(mean_a - mean_b) / std::sqrt(error_a + error_b);
}

TEST_F(WireKeyTiming, C28AKeyThatIsNearlyRightIsRefusedNoSlowerThanAnyOther) {
    constexpr int tries = 100'000;
    w.options.variables["TIKTOK_GATEWAY__LOG__LEVEL"] = "error"; // a line for each would be all we measure
    w.stop_gateway();
    const auto length = w.caller_key().size();
    const std::array requests{asking_with(close_key(0)), asking_with(close_key(length / 2)),
                              asking_with(close_key(length - 1))};
    std::array<std::vector<double>, 3> times;
    harness::raw_socket socket(w.gateway().port());
    std::mt19937 dice(20261124);
    // In random order, so that whatever else the machine does falls on all of them alike.
    for (int i = 0; i < tries && !HasFailure(); ++i) {
        const auto which = dice() % requests.size();
        times[which].push_back(time_of(socket, requests[which]));
    }
    // The slow tail is the machine's, not ours: all samples are cut at the same bound.
    std::vector<double> all;
    for (const auto& one : times)
        all.insert(all.end(), one.begin(), one.end());
    std::nth_element(all.begin(), all.begin() + tries / 2, all.end());
    const double median = all[tries / 2];
    for (auto& one : times)
        std::erase_if(one, [median](double t) { return t > 2 * median; });
    // Beyond 6 chance is out of the question. What chance leaves is far below a microsecond.
    EXPECT_LT(apart(times[0], times[1]), 6.0);
    EXPECT_LT(apart(times[0], times[2]), 6.0);
    RecordProperty("median_ns", std::to_string(median));
}

} // namespace
