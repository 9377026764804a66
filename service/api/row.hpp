// The one description of an action. Routes, validation, scope, deadline, metric labels, the contract test and
// (later) the tool list for agents are derived from it. Rows are constants.
#pragma once
#include "api/envelope.hpp"
#include "api/handler.hpp"
#include "base/result.hpp"
#include "http/verb.hpp"

#include <boost/json/fwd.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gateway::store {
struct post_record;
}

namespace gateway::api {

struct call;
class checked_input;

using http::verb;

/// How an input is read and checked; the row's bounds are in the units of its kind.
enum class kind {
    text,      // min…max UTF-16 units; `multiline` allows \n
    integer,   // min…max
    boolean,   // true or false, also in a query
    choice,    // one of `choices`, separated by |
    time,      // RFC 3339
    fields,    // TikTok field names: repeated, comma list or JSON list; `choices` is a comma list
    text_list, // min…max items of 1…512 UTF-16 units each, or of `choices`
    url,       // https and within the rules of base/url_rules
    url_list,  // min…max of them
    file,      // {name, mimetype, file_id|s3key}
    file_list  // min…max of them
};

struct input {
    std::string_view name;
    kind type;
    bool required = false;
    std::int64_t min = 0;
    std::int64_t max = 0;
    std::string_view choices = {};
    bool multiline = false;
    std::string_view fallback = {}; // the default, written as in a query; empty if there is none
};

/// How the body of the request is read.
enum class body {
    none,     // bytes are refused
    json,     // one JSON object of inputs
    upload,   // raw video/*, multipart/form-data, or JSON of inputs
    document, // read completely into call::raw_body and parsed by the action
    stream    // any Content-Type, read by the action from call::body
};

/// How a call of this row is authenticated.
enum class auth { caller, open, tiktok_signature };

/// Which of `deadlines.*` bounds the call (docs/contract.md §9).
enum class deadline_class { read, post, upload /* by its size at a rate */, batch, stream /* of events */ };

/// The inputs for rules between them.
struct given_inputs {
    const checked_input& good;           // those that are valid by themselves
    const boost::json::object& as_given; // all inputs, including invalid ones
    bool came_with_bytes = false;        // the file is the body itself
};
/// Rules between inputs (`video_url` or a file, not both). Appends what is wrong.
using cross_check = void (*)(const given_inputs& given, std::vector<field_fault>& faults);

/// The scopes that a call needs, alternatives separated by |. Empty: none, or by field (then the action
/// decides).
struct scope_rule {
    std::string_view usual = {};
    // If this input has this value (written as in a query), another scope is needed instead.
    std::string_view input = {}, value = {}, instead = {};

    std::string_view of(const checked_input& given) const;
};

/// When the ledger is asked for the outcome of a keyed call.
enum class asked_of_ledger {
    after_crash, // the key has no answer, because its process ended
    in_doubt     // the key has told that the outcome is unknown
};

/// The answer of a key whose call was ended by a crash, or whose answer is in doubt (docs/promises.md I04).
struct recovery {
    /// Makes the outcome from the post that the call had begun in the ledger. Nothing: it had no effect; then
    /// the key of a crashed call is freed, but never one that has told a doubt. Such a row begins its post
    /// before anything is sent to TikTok, so without a post there was no effect. Null: the row begins no
    /// post, the effect of the call is unknown, and the key answers outcome_unknown.
    std::optional<outcome> (*from_post)(const store::post_record& post, asked_of_ledger when) = nullptr;
    /// Serializes the answer to store; gives its status.
    int (*write)(std::string& out, const outcome& what, std::string_view request_id) = write_envelope;
};

struct row {
    std::string_view slug;
    verb method;
    std::string_view path; // `{name}` matches one segment, which is call::path.at("name")
    auth opened_by = auth::caller;
    body takes = body::none;
    std::span<const input> inputs = {};
    bool reads_query_itself = false; // accepts any query; see call::query
    bool head_runs = true; // for a GET: a HEAD runs it, too; else a HEAD is answered without running it
    cross_check also_checks = nullptr;
    scope_rule scope = {};
    deadline_class takes_time = deadline_class::read;
    bool writes = false;       // may have an effect at TikTok
    bool replays = false;      // accepts Idempotency-Key
    bool parts_replay = false; // each of its parts has a key of its own; with a key it runs also if nothing
                               // can be posted, for the parts that have an answer (call::refused)
    recovery recovers = {};
    bool needs_connection = false;    // the user must be connected; call::tiktok is bound to them
    bool ledger_may_answer = false;   // runs also if it cannot be bound: call::tiktok is null, and
                                      // call::refused is the answer of what is not in the ledger
    bool works_without_store = false; // runs also if the store of this start is not there yet
    std::string_view waits_for =
        {}; // an input with seconds that the call may take in addition to its deadline
    std::uint64_t body_bytes_max = 256 * 1024;
    handler run = {};
};

/// Whether a call may do nothing for a minute or more, as thousands may at once: it gives back what it does
/// not need meanwhile.
inline bool may_wait_long(const row& of) {
    return !of.waits_for.empty() || of.takes_time == deadline_class::stream;
}

} // namespace gateway::api
