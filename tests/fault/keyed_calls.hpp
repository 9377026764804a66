// The keyed writes of the fault lab. Each has a unique caption or size, so that the simulator's history shows
// how often it was posted.
#pragma once
#include "harness/world.hpp"

#include <boost/json/object.hpp>

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace fault {

enum class keyed_call_kind { inbox_upload, direct_upload, photos, pull, publish, batch };

struct keyed_call {
    keyed_call_kind kind;
    std::string user;
    std::string key;                // Idempotency-Key, and the caption of what is posted
    std::size_t size_bytes = 0;     // of the upload; unique in the lab
    std::string draft;              // publish: the publish_id of an inbox draft made before
    std::vector<std::string> files; // batch: file_ids staged before
    bool keyed = true;              // false: sent without the key, which is still the caption
};

/// Makes `count` writes for one user and prepares them (drafts, staged files). The gateway must be running
/// without faults.
std::vector<keyed_call> make_keyed_calls(harness::world& w, const std::string& user, std::size_t count,
                                         std::mt19937& dice, std::size_t& next_size);

/// Prepares the write: makes its draft, stages its files.
void prepare(harness::world& w, keyed_call& what);

/// Makes the call once; called again, it is the same call with the same key.
harness::answer ask_for(const harness::http_client& api, const keyed_call& what);

/// True for photos and pull: the init alone makes the post. The others post with the last byte of an upload.
bool posts_by_its_init(const keyed_call& what);

/// The number of its inits that TikTok accepted, for each file of a batch.
std::vector<int> inits_of(const keyed_call& what, const boost::json::object& history);
/// The number of those whose answer was lost by a fault.
int lost_inits_of(const keyed_call& what, const boost::json::object& history);
/// The number of its complete posts at TikTok, for each file of a batch; an init without all its bytes does
/// not count.
std::vector<int> whole_posts_of(const keyed_call& what, const boost::json::object& history);

/// Bytes that begin with the first box of an MP4.
std::string video_of(std::size_t size_bytes);

} // namespace fault
