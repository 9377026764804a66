// One call of an action: checked input and TikTok's API for the acting user. Contains no HTTP, token, clock,
// retry or metric. Made by the pipeline, lives as long as the request.
#pragma once
#include "api/path_parameters.hpp"
#include "api/row.hpp"
#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/result.hpp"

#include <boost/json/object.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gateway {
class body_source;
}
namespace gateway::user_api {
class bound_api;
}
namespace gateway::api {
class live_answer;
}
namespace gateway::files {
class file_writer;
}
namespace gateway::settings {
struct caller;
}
namespace gateway::telemetry {
struct call_record;
}

namespace gateway::api {

/// A staged file as an input refers to it.
struct staged_file {
    std::string name; // given by the caller; may be empty
    file_id id;
};

/// Inputs after the row's checks: present ones have the right type and bounds, defaults are set.
class checked_input {
public:
    checked_input() = default;
    explicit checked_input(boost::json::object values)
        : values_(std::make_unique<const boost::json::object>(std::move(values))) {}

    /// Given, or has a default.
    bool has(std::string_view name) const { return find(name) != nullptr; }
    /// Each gives an empty value if the input is absent and has no default.
    std::string text(std::string_view name) const;
    std::int64_t integer(std::string_view name) const;
    bool flag(std::string_view name) const;
    std::vector<std::string> texts(std::string_view name) const;
    std::optional<wall_time> time(std::string_view name) const;
    /// One file, or each of a list of files, in order.
    std::vector<staged_file> files(std::string_view name) const;
    const boost::json::object& values() const;

private:
    const boost::json::value* find(std::string_view name) const;

    std::unique_ptr<const boost::json::object>
        values_; // null if there are none, which is the usual case for reads
};

/// The facts about a request's body, for uploads and staged files.
struct body_facts {
    body_source* source = nullptr; // the file's bytes, without the multipart framing; null if there are none
    files::file_writer* staged_in =
        nullptr;              // the file in which the source's bytes are already staged, or null
    std::string content_type; // as declared by the caller; the real format is detected from the bytes
    std::string file_name;    // of a multipart part
    std::string content_digest;
};

/// Of a dry run: what is known of the call before its action looks.
struct dry_run {
    std::vector<failure> refusals;         // of the inputs, the key and the connection
    std::optional<std::string_view> key{}; // free, finished or in_progress; nothing: the call has none
};

struct call {
    call(const row& what_, const settings::caller& by_, const user_id& user_, const publish_id& post_,
         const path_parameters& path_, telemetry::call_record& record_, deadline until_, wall_time now_)
        : what(what_),
          by(by_),
          user(user_),
          post(post_),
          path(path_),
          record(record_),
          until(until_),
          now(now_) {}

    caller_name caller() const;

    const row& what;
    const settings::caller& by;
    const user_id& user;         // of the path; empty if the path has none
    const publish_id& post;      // of the path
    const path_parameters& path; // all parameters of the path; the action checks those that are not above
    std::string_view query;      // raw, for rows that parse it themselves
    checked_input input;
    body_facts body;
    std::string raw_body;        // for rows that take a document: checked by the action
    std::string_view signature;  // TikTok-Signature
    live_answer* live = nullptr; // for answers that are sent while the call runs; never null in a request
    std::string idempotency_key; // empty if there is none; each file of a batch has a key made from it
    user_api::bound_api* tiktok = nullptr; // bound to the acting user; null if needs_connection is false
    std::span<const std::string> granted;  // the acting user's scopes; owned by tiktok
    std::optional<failure> refused; // why nothing can be posted, or TikTok not be asked; only a row with
                                    // parts_replay, or ledger_may_answer, runs then
    std::optional<dry_run> dry;     // nothing may be posted: the answer tells what the call would meet
    telemetry::call_record& record;
    deadline until;
    wall_time now; // when the request arrived
};

} // namespace gateway::api
