// What callers of the fault lab want: one keyed write each, told apart at TikTok by a caption or a size of
// its own, so that the oracle can say how often it really happened.
#pragma once
#include "harness/world.hpp"

#include <boost/json/object.hpp>

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace fault {

enum class wish_kind { inbox_upload, direct_upload, photos, pull, publish, batch };

struct wish {
    wish_kind kind;
    std::string user;
    std::string key;                // Idempotency-Key, and the caption of what is posted
    std::size_t size_bytes = 0;     // of the upload; unique in the lab
    std::string draft;              // publish: the publish_id of an inbox draft made before
    std::vector<std::string> files; // batch: file_ids staged before
    bool keyed = true;              // false: sent without the key, which is still the caption
};

/// `count` wishes of one user, with whatever they need before (drafts, staged files). The gateway is up and
/// well.
std::vector<wish> make_wishes(harness::world& w, const std::string& user, std::size_t count,
                              std::mt19937& dice, std::size_t& next_size);

/// What it needs before it can be asked for: a draft, staged files.
void prepare(harness::world& w, wish& what);

/// Asks for it, once; asked again it is the same call with the same key.
harness::answer ask_for(const harness::http_client& api, const wish& what);

/// photos, pull: the init alone makes the post. The other kinds post with the last byte of an upload.
bool posts_by_its_init(const wish& what);

/// How many inits of it TikTok took. One number for each file of a batch.
std::vector<int> inits_of(const wish& what, const boost::json::object& history);
/// How many of those were answered by a fault.
int lost_inits_of(const wish& what, const boost::json::object& history);
/// How many whole posts TikTok has for it: an init without all its bytes is none. One number for each file of
/// a batch.
std::vector<int> whole_posts_of(const wish& what, const boost::json::object& history);

/// An MP4 by its first box.
std::string video_of(std::size_t size_bytes);

} // namespace fault
