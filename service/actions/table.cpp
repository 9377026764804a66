#include "actions/table.hpp"

#include "actions/rows.hpp"

#include <vector>

namespace gateway::actions {

std::span<const row> table() {
    static const std::vector<row> rows{
        get_user_basic_info_row(),
        get_user_profile_row(),
        get_user_stats_row(),
        list_videos_row(),
        upload_video_row(),
        upload_videos_row(),
        post_photo_row(),
        publish_video_row(),
        fetch_publish_status_row(),

        query_creator_info_row(),
        query_videos_row(),
        cancel_post_row(),
        list_posts_row(),

        connect_row(),
        callback_row(),
        list_users_row(),
        show_user_row(),
        import_tokens_row(),
        disconnect_row(),

        stage_file_row(),
        show_file_row(),
        delete_file_row(),
        webhook_row(),
        openapi_row(),
        docs_row(),
        docs_part_row(),
    };
    return rows;
}

} // namespace gateway::actions
