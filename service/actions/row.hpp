// The one description of an action. Routes, validation, scope, deadline, metric labels, the contract test and
// (later) the agents' tool list are read from here; nothing is listed twice.
#pragma once
#include "actions/answer.hpp"
#include "base/clock.hpp"
#include "base/result.hpp"
#include "runtime/task.hpp"

#include <cstdint>
#include <span>
#include <string_view>

namespace gateway::actions {

struct call;

enum class verb { get, post, put, delete_ };
std::string_view name_of(verb v);

/// How an input is read and checked; the row's bounds are in the units of its kind.
enum class kind {
    text,    // min…max UTF-16 units; `multiline` allows \n
    integer, // min…max
    boolean,
    choice,    // one of `choices`, separated by |
    fields,    // TikTok field names: repeated, comma list or JSON list; checked against `choices`
    text_list, // min…max items
    url,       // https and within the rules of base/url_rules
    url_list,  // min…max of them
    file,      // {name, mimetype, file_id|s3key}
    file_list, // min…max of them
    object     // read by the action itself
};

struct input {
    std::string_view name;
    kind type;
    bool required = false;
    std::int64_t min = 0;
    std::int64_t max = 0;
    std::string_view choices = {};
    bool multiline = false;
    std::string_view fallback = {}; // the default as it would stand in a query; empty: absent
};

/// How the body of the request is taken.
enum class body { none, json, upload /* raw, multipart or JSON */, raw };

/// Which key, if any, opens this row.
enum class door { caller, open, tiktok_signature };

struct row {
    std::string_view slug;
    verb method;
    std::string_view path; // {user_id}, {publish_id}, {file_id} stand for one segment
    door opened_by = door::caller;
    body takes = body::none;
    std::span<const input> inputs = {};
    std::string_view scope =
        {}; // what must be granted before the call; empty: by field, by input, or none (the action says)
    milliseconds deadline{10'000}; // 0: by the rate of the upload
    bool writes = false;           // may have an effect at TikTok
    bool replays = false;          // takes Idempotency-Key
    bool needs_connection = true;  // the user must be connected
    std::uint64_t body_bytes_max = 256 * 1024;
    task<result<answer>> (*run)(call&) = nullptr;
};

/// Every row, in the order of product §3.
std::span<const row> table();

} // namespace gateway::actions
