// The list of the actions, whose rows are made next to their handlers and used by table.cpp; and the names of
// api/ that every action uses. For files of this folder only.
#pragma once
#include "api/call.hpp"
#include "api/row.hpp"

#include <string>
#include <utility>

namespace gateway::actions {

using api::accepted;
using api::all_sent;
using api::answer;
using api::asset;
using api::auth;
using api::body;
using api::call;
using api::checked_input;
using api::deadline_class;
using api::given_inputs;
using api::input;
using api::kind;
using api::no_content;
using api::object;
using api::outcome;
using api::page;
using api::passed_through;
using api::redirect;
using api::row;
using api::staged_file;
using api::verb;

/// The answer of one JSON object, serialized.
inline answer json_answer(std::string json) {
    return object{.json = std::move(json)};
}

/// A `cursor` that no page of this gateway has given.
failure no_cursor_of_ours();

/// The inputs of a list that is read page by page.
inline constexpr input page_inputs[] = {
    {.name = "limit", .type = kind::integer, .min = 1, .max = 100, .fallback = "100"},
    {.name = "cursor", .type = kind::text, .min = 1, .max = 512},
};

/// Every action, in the order in which they are listed; NAME_row() stands beside its handler.
#define GATEWAY_ACTIONS(ROW)  \
    ROW(get_user_basic_info)  \
    ROW(get_user_profile)     \
    ROW(get_user_stats)       \
    ROW(list_videos)          \
    ROW(upload_video)         \
    ROW(upload_videos)        \
    ROW(post_photo)           \
    ROW(publish_video)        \
    ROW(fetch_publish_status) \
    ROW(post_events)          \
    ROW(query_creator_info)   \
    ROW(query_videos)         \
    ROW(cancel_post)          \
    ROW(list_posts)           \
    ROW(connect)              \
    ROW(confirm)              \
    ROW(callback)             \
    ROW(list_users)           \
    ROW(show_user)            \
    ROW(import_tokens)        \
    ROW(disconnect)           \
    ROW(stage_file)           \
    ROW(show_file)            \
    ROW(delete_file)          \
    ROW(webhook)              \
    ROW(redeliver)            \
    ROW(openapi)              \
    ROW(docs)                 \
    ROW(docs_part)

#define GATEWAY_ROW(name) row name##_row();
GATEWAY_ACTIONS(GATEWAY_ROW)
#undef GATEWAY_ROW

} // namespace gateway::actions
