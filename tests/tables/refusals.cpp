#include "tables/refusals.hpp"

#include <iterator>

namespace tables {
namespace {

const refusal user_info[] = {
    {"UnknownInput", "TIKTOK_GET_USER_BASIC_INFO", way::query, "feilds=open_id",
     "feilds is not an input of this action; it takes fields"},
    {"KeyInTheQuery", "TIKTOK_GET_USER_STATS", way::query, "api_key=abc",
     "api_key is not an input of this action; it takes fields"},
    {"VideoField", "TIKTOK_GET_USER_PROFILE", way::query, "fields=open_id,cover_image_url",
     "fields holds \"cover_image_url\", which is no field of TikTok's"},
    {"EmptyFieldAtTheEnd", "TIKTOK_GET_USER_STATS", way::query,
     "fields=open_id&fields=", "fields holds \"\", which is no field of TikTok's"},
    {"OneBadOfRepeatedFields", "TIKTOK_GET_USER_STATS", way::query, "fields=open_id&fields=nope",
     "fields holds \"nope\", which is no field of TikTok's"},
};

const refusal videos[] = {
    {"MaxCountFloat", "TIKTOK_LIST_VIDEOS", way::query, "max_count=5.0", "max_count must be a whole number"},
    {"MaxCountTwice", "TIKTOK_LIST_VIDEOS", way::query, "max_count=5&max_count=6",
     "max_count must be given once"},
    {"CursorWord", "TIKTOK_LIST_VIDEOS", way::query, "cursor=next",
     "cursor must be the cursor of an earlier page: a time in milliseconds, digits only"},
    {"CursorNegative", "TIKTOK_LIST_VIDEOS", way::query, "cursor=-1",
     "cursor must be the cursor of an earlier page: a time in milliseconds, digits only"},
    {"AllAtOnce", "TIKTOK_LIST_VIDEOS", way::query, "max_count=99&cursor=x&what=1&fields=nope",
     "what is not an input of this action; it takes cursor, max_count, creator_id, fields\n"
     "max_count must be from 1 to 20\n"
     "fields holds \"nope\", which is no field of TikTok's\n"
     "cursor must be the cursor of an earlier page: a time in milliseconds, digits only"},
    {"EveryBadId", "TIKTOK_QUERY_VIDEOS", way::body, R"({"video_ids":["",2,"3"]})",
     "video_ids[0] must be from 1 to 512 UTF-16 units long, not 0\n"
     "video_ids[1] must be a string"},
};

constexpr const char* private_branded_content =
    "brand_content_toggle cannot go with privacy_level SELF_ONLY: TikTok wants branded content to be visible";

const refusal uploads[] = {
    {"NothingToUpload", "TIKTOK_UPLOAD_VIDEO", way::body, "{}",
     "file_to_upload is required, unless video_url is given or the body is the video"},
    {"NoBodyAtAll", "TIKTOK_UPLOAD_VIDEO", way::body, "",
     "file_to_upload is required, unless video_url is given or the body is the video"},
    {"NearlyAFile", "TIKTOK_UPLOAD_VIDEO", way::body, R"({"file_to_upload_id":"x"})",
     "file_to_upload_id is not an input of this action; it takes file_to_upload, video_url, dry_run, "
     "caption, "
     "publish, chunk_size_bytes, keep, privacy_level, disable_comment, disable_duet, disable_stitch, "
     "video_cover_timestamp_ms, brand_content_toggle, brand_organic_toggle, is_aigc\n"
     "file_to_upload is required, unless video_url is given or the body is the video"},
    {"FileAndUrl", "TIKTOK_UPLOAD_VIDEO", way::body,
     R"({"file_to_upload":{"file_id":"file_01JD0000000000000000000000"},"video_url":"https://a.example/v.mp4"})",
     "video_url cannot be given together with file_to_upload"},
    {"FormAndUrl", "TIKTOK_UPLOAD_VIDEO", way::form, R"({"video_url":"https://a.example/v.mp4"})",
     "video_url cannot be given: the body already is the video"},
    {"FormAndFile", "TIKTOK_UPLOAD_VIDEO", way::form,
     R"({"file_to_upload":{"file_id":"file_01JD0000000000000000000000"}})",
     "file_to_upload cannot be given: the body already is the video"},
    {"VideoAndUrl", "TIKTOK_UPLOAD_VIDEO", way::video, "video_url=https://a.example/v.mp4",
     "video_url cannot be given: the body already is the video"},
    {"CoverTimeFloat", "TIKTOK_UPLOAD_VIDEO", way::form, R"({"video_cover_timestamp_ms":1000.0})",
     "video_cover_timestamp_ms must be a whole number"},
    {"BatchNamesTheBadFile", "TIKTOK_UPLOAD_VIDEOS", way::body,
     R"({"files_to_upload":[{"file_id":"file_01JD0000000000000000000000"},{"file_id":"x"},7],"max_workers":17})",
     "files_to_upload[1].file_id is not a file_id; stage the bytes with POST /v1/files first\n"
     "files_to_upload[2] must be an object {name, mimetype, file_id}\n"
     "max_workers must be from 1 to 16"},
    {"NoBatchOfUrls", "TIKTOK_UPLOAD_VIDEOS", way::body, R"({"files_to_upload":["https://a.example/v.mp4"]})",
     "files_to_upload[0] must be an object {name, mimetype, file_id}"},
    {"PrivateBrandedContent", "TIKTOK_UPLOAD_VIDEO", way::body,
     R"({"video_url":"https://a.example/v.mp4","publish":true,"privacy_level":"SELF_ONLY","brand_content_toggle":true})",
     private_branded_content},
    {"PrivateBrandedContentInAForm", "TIKTOK_UPLOAD_VIDEO", way::form,
     R"({"publish":true,"privacy_level":"SELF_ONLY","brand_content_toggle":true})", private_branded_content},
    {"PrivateBrandedVideo", "TIKTOK_UPLOAD_VIDEO", way::video,
     "publish=true&privacy_level=SELF_ONLY&brand_content_toggle=true", private_branded_content},
    {"PrivateBrandedBatch", "TIKTOK_UPLOAD_VIDEOS", way::body,
     R"({"files_to_upload":[{"file_id":"file_01JD0000000000000000000000"}],"publish":true,)"
     R"("privacy_level":"SELF_ONLY","brand_content_toggle":true})",
     private_branded_content},
};

const refusal posts[] = {
    {"Nothing", "TIKTOK_POST_PHOTO", way::body, "{}",
     "photo_images is required\nphoto_cover_index is required"},
    {"CoverOutside", "TIKTOK_POST_PHOTO", way::body,
     R"({"photo_images":["https://a.example/1.jpg"],"photo_cover_index":1})",
     "photo_cover_index must point into photo_images, which holds 1; the first has index 0"},
    {"CoverFloat", "TIKTOK_POST_PHOTO", way::body,
     R"({"photo_images":["https://a.example/1.jpg"],"photo_cover_index":0.0})",
     "photo_cover_index must be a whole number"},
    {"PlainHttp", "TIKTOK_POST_PHOTO", way::body,
     R"({"photo_images":["https://a.example/1.jpg","http://a.example/2.jpg"],"photo_cover_index":0})",
     "photo_images[1] must be an https URL"},
    {"PlainHttpAndCoverOutside", "TIKTOK_POST_PHOTO", way::body,
     R"({"photo_images":["http://a.example/2.jpg"],"photo_cover_index":1})",
     "photo_images[0] must be an https URL\n"
     "photo_cover_index must point into photo_images, which holds 1; the first has index 0"},
    {"PrivateBrandedPhotos", "TIKTOK_POST_PHOTO", way::body,
     R"({"photo_images":["https://a.example/1.jpg"],"photo_cover_index":1,"post_mode":"DIRECT_POST",)"
     R"("privacy_level":"SELF_ONLY","brand_content_toggle":true})",
     "photo_cover_index must point into photo_images, which holds 1; the first has index 0\n"
     "brand_content_toggle cannot go with privacy_level SELF_ONLY: TikTok wants branded content to be "
     "visible"},
    {"PrivateBrandedPublish", "TIKTOK_PUBLISH_VIDEO", way::body,
     R"({"privacy_level":"SELF_ONLY","brand_content_toggle":true})", private_branded_content},
    {"PublishIdInTheBody", "TIKTOK_PUBLISH_VIDEO", way::body, R"({"publish_id":"v_1"})",
     "publish_id is not an input of this action; it takes caption, privacy_level, disable_comment, "
     "disable_duet, disable_stitch, video_cover_timestamp_ms, brand_content_toggle, brand_organic_toggle, "
     "is_aigc, direct_post, dry_run"},
    {"ScopesInOneText", "GATEWAY_CONNECT", way::body, R"({"scopes":"video.list,video.upload"})",
     "scopes must be a list"},
};

} // namespace

void PrintTo(const refusal& each, std::ostream* out) {
    *out << each.slug << ' ' << each.name;
}

std::vector<refusal> written_refusals() {
    std::vector<refusal> all;
    all.insert(all.end(), std::begin(user_info), std::end(user_info));
    all.insert(all.end(), std::begin(videos), std::end(videos));
    all.insert(all.end(), std::begin(uploads), std::end(uploads));
    all.insert(all.end(), std::begin(posts), std::end(posts));
    return all;
}

} // namespace tables
