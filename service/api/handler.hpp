// An action's function, bound to the parts of its worker that its parameters name, and to no others. So the
// signature of an action shows everything it can use.
#pragma once
#include "api/answer.hpp"
#include "base/result.hpp"
#include "runtime/task.hpp"

#include <tuple>
#include <type_traits>

namespace gateway::connections {
class connection_service;
}
namespace gateway::files {
class staged_file_store;
}
namespace gateway::idempotency {
class runner;
}
namespace gateway::posts {
class post_watch;
class publisher;
} // namespace gateway::posts
namespace gateway::store {
class outbox;
}
namespace gateway::tiktok {
class webhook_reader;
}
namespace gateway::webhooks {
struct redelivery_rules;
}

namespace gateway::api {

struct call;

/// The parts of one worker; used by handler only.
using tools = std::tuple<posts::publisher&, files::staged_file_store&, connections::connection_service&,
                         idempotency::runner&, const tiktok::webhook_reader&, store::outbox&,
                         const webhooks::redelivery_rules&, posts::post_watch&>;

class handler {
public:
    handler() = default;
    template <class... Used>
    handler(task<result<answer>> (*run)(call&, Used&...))
        : run_(reinterpret_cast<function>(run)),
          start_([](function erased, call& c, const tools& from) {
              return reinterpret_cast<task<result<answer>> (*)(call&, Used & ...)>(erased)(
                  c, std::get<Used&>(from)...);
          }),
          can_post_((std::is_same_v<Used, posts::publisher> || ...)) {}

    task<result<answer>> operator()(call& c, const tools& from) const { return start_(run_, c, from); }
    explicit operator bool() const { return run_ != nullptr; }
    /// Whether it uses the publisher.
    bool can_post() const { return can_post_; }

private:
    using function = void (*)();

    function run_ = nullptr;
    task<result<answer>> (*start_)(function, call&, const tools&) = nullptr;
    bool can_post_ = false;
};

} // namespace gateway::api
