#include "app/background.hpp"
#include "base/memory/memory_reserve.hpp"
#include "inbound/listener_state.hpp"
#include "runtime/waiter.hpp"
#include "telemetry/sink.hpp"

#include <optional>

namespace gateway::app {

namespace {

constexpr seconds look_every{1};
constexpr seconds refusals_every{10};
constexpr seconds shortages_every{60};

/// A count that is logged at once the first time, and then at most every `every`.
class told_count {
public:
    explicit told_count(seconds every) : every_(every) {}

    /// The number to log now; nothing while it is too early or there is nothing new.
    std::optional<std::uint64_t> due(std::uint64_t counted, steady_time now) {
        if (counted == reported_ || (last_ && now - *last_ < every_)) return std::nullopt;
        const auto more = counted - reported_;
        reported_ = counted;
        last_ = now;
        return more;
    }

private:
    seconds every_;
    std::uint64_t reported_ = 0;
    std::optional<steady_time> last_;
};

} // namespace

task<void> run_count_reports(telemetry::sink& sink, inbound::listener_state& listeners,
                             std::function<std::uint64_t()> faults) {
    told_count keys(refusals_every), connections(refusals_every), shortages(shortages_every);
    told_count ended(refusals_every), reserve(refusals_every);
    for (;;) {
        const auto now = steady_now();
        memory_reserve::refill();
        if (const auto more = ended.due(faults(), now))
            sink.log(
                telemetry::level::error, "exceptions_caught",
                {{"times", std::to_string(*more)}, {"effect", "what threw was ended; the rest goes on"}});
        if (const auto more = reserve.due(memory_reserve::used(), now))
            sink.log(telemetry::level::error, "out_of_memory",
                     {{"blocks_of_the_reserve", std::to_string(*more)},
                      {"cure",
                       "raise the memory limit, or lower listen.connections_max and "
                       "uploads.memory_bytes"}});
        if (const auto more = keys.due(sink.keys_untold(), now))
            sink.log(telemetry::level::warn, "unknown_keys",
                     {{"calls_without_a_line", std::to_string(*more)}});
        if (const auto more = connections.due(sink.connections_untold(), now))
            sink.log(telemetry::level::warn, "connections_refused",
                     {{"without_a_line", std::to_string(*more)}});
        if (const auto more = shortages.due(listeners.descriptor_shortages.load(), now))
            sink.log(telemetry::level::error, "out_of_descriptors",
                     {{"times", std::to_string(*more)},
                      {"cure", "raise the limit of open files (ulimit -n, LimitNOFILE)"}});
        co_await pause_until(deadline::in(now, look_every));
    }
}

} // namespace gateway::app
