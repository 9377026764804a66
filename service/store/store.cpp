#include "store/store.hpp"

#include <utility>

namespace gateway::store {

task<result<window_grant>> store::take_window_share(window_wish wish, deadline /*until*/) {
    const window_grant whole{wish.limit, 0, milliseconds{0}};
    co_return whole;
}

task<result<done>> store::return_window_share(window_name /*which*/, std::int64_t /*granted_as*/,
                                              std::uint32_t /*capacity*/, milliseconds /*frees_in*/,
                                              deadline /*until*/) {
    co_return done{};
}

task<result<done>> store::close_window(window_name /*which*/, std::uint32_t /*limit*/, milliseconds /*wait*/,
                                       deadline /*until*/) {
    co_return done{};
}

} // namespace gateway::store
