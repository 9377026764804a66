// The functions that make the rows, each next to its handler, used by table.cpp; and the names of api/ that
// every action uses. For files of this folder only.
#pragma once
#include "api/call.hpp"
#include "api/row.hpp"

namespace gateway::actions {

using api::accepted;
using api::answer;
using api::asset;
using api::body;
using api::call;
using api::checked_input;
using api::door;
using api::given_inputs;
using api::input;
using api::kind;
using api::object;
using api::outcome;
using api::pace;
using api::page;
using api::passed_through;
using api::redirect;
using api::row;
using api::staged_file;
using api::verb;

row get_user_basic_info_row();
row get_user_profile_row();
row get_user_stats_row();
row list_videos_row();
row upload_video_row();
row upload_videos_row();
row post_photo_row();
row publish_video_row();
row fetch_publish_status_row();

row query_creator_info_row();
row query_videos_row();
row cancel_post_row();
row list_posts_row();

row connect_row();
row callback_row();
row list_users_row();
row show_user_row();
row import_tokens_row();
row disconnect_row();

row stage_file_row();
row show_file_row();
row delete_file_row();
row webhook_row();
row openapi_row();
row docs_row();
row docs_part_row();

} // namespace gateway::actions
