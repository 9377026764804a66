// The rows, each made beside its handler. Only table.cpp calls these.
#pragma once
#include "actions/row.hpp"

namespace gateway::actions {

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
