// One process of the gateway that posts: the real pipeline with everything below it, down to the client, and
// main's recovery of crashed processes. Its destructor is like kill -9. Owned by the post simulation.
#pragma once
#include "connections/connection_service.hpp"
#include "deterministic/simulated_client.hpp"
#include "deterministic/simulated_engine.hpp"
#include "files/staged_file_store.hpp"
#include "pipeline/caller_book.hpp"
#include "pipeline/pipeline.hpp"
#include "posts/post_watch.hpp"
#include "posts/publisher.hpp"
#include "posts/status_book.hpp"
#include "runtime/blocking.hpp"
#include "runtime/worker.hpp"
#include "store/store.hpp"
#include "telemetry/call_record.hpp"
#include "tiktok/oauth.hpp"
#include "tiktok/webhook.hpp"
#include "tokens/token_service.hpp"
#include "user_api/api_client.hpp"
#include "vault/token_vault.hpp"

#include <boost/asio/executor_work_guard.hpp>

#include <memory>
#include <optional>
#include <string>

namespace gateway::simulation {

/// A call of a client.
struct post_call {
    std::string_view slug;
    std::string user;
    std::string key;
    std::string query;
    std::string content_type;
    std::string body;
};

/// The answer to its caller.
struct post_result {
    int status = 0;
    std::optional<errc> code;
    std::string envelope;
};

class post_replica {
public:
    post_replica(world& in, simulated_database& at, store_wire& wire, post_network& tiktok,
                 const settings::all& settings, const std::string& folder);
    ~post_replica();
    post_replica(const post_replica&) = delete;
    post_replica& operator=(const post_replica&) = delete;

    task<post_result> serve(post_call what);
    /// An event of TikTok's; `false`: it is to be told again.
    task<bool> tell(tiktok::webhook_event event);
    task<result<vault::saved_grant>> log_in(user_id user);
    task_group& group() { return loop_->group(); }
    seat& place() { return place_; }
    void stand_still(milliseconds time);

private:
    struct parts;

    world& world_;
    std::unique_ptr<worker> loop_; // destroyed first, because its frames use the members below
    std::optional<boost::asio::executor_work_guard<executor_type>> stay_;
    std::unique_ptr<parts> parts_;
    seat place_;
    std::shared_ptr<bool>
        alive_; // shared with the end of a pause, which may come after this object is destroyed
};

} // namespace gateway::simulation
