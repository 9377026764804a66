#include "inbound/router.hpp"

#include <gtest/gtest.h>

#include <array>

using namespace gateway;
using inbound::router;

namespace {

constexpr std::array<api::row, 6> rows{{
    {.slug = "INFO", .method = api::verb::get, .path = "/v1/users/{user_id}/info"},
    {.slug = "STATUS", .method = api::verb::get, .path = "/v1/users/{user_id}/posts/{publish_id}"},
    {.slug = "CANCEL", .method = api::verb::delete_, .path = "/v1/users/{user_id}/posts/{publish_id}"},
    {.slug = "USER", .method = api::verb::get, .path = "/v1/users/{user_id}"},
    {.slug = "STAGE", .method = api::verb::post, .path = "/v1/files"},
    {.slug = "CALLBACK", .method = api::verb::get, .path = "/oauth/callback"},
}};

result<inbound::route> find(const router& routes, http::verb method, std::string_view path) {
    inbound::route way;
    const auto found = routes.find(method, path, way);
    if (!found) return found.error();
    return way;
}

errc code_of(const result<inbound::route>& found) {
    return found ? errc::internal : found.error().code();
}

} // namespace

TEST(Router, FindsTheRowAndItsSegments) {
    const router routes(rows);
    const auto found = find(routes, http::verb::get, "/v1/users/shop:7/posts/v_pub_url~v2.1");
    ASSERT_TRUE(found);
    EXPECT_EQ(found->to->slug, "STATUS");
    EXPECT_EQ(found->user_id, "shop:7");
    EXPECT_EQ(found->publish_id, "v_pub_url~v2.1");
}

TEST(Router, DecodesASegmentOnceSoThatRouteAndRightsSeeTheSameUser) {
    const router routes(rows);
    const auto found = find(routes, http::verb::get, "/v1/users/a%40b/info");
    ASSERT_TRUE(found);
    EXPECT_EQ(found->user_id, "a@b");
    const auto twice = find(routes, http::verb::get, "/v1/users/a%2540b/info");
    ASSERT_TRUE(twice);
    EXPECT_EQ(twice->user_id, "a%40b"); // refused later as a user_id, never decoded again
}

TEST(Router, AnswersHeadWhereGetLives) {
    const router routes(rows);
    EXPECT_TRUE(find(routes, http::verb::head, "/v1/users/u/info"));
    EXPECT_EQ(code_of(find(routes, http::verb::head, "/v1/files")), errc::method_not_allowed);
}

TEST(Router, SaysWhatAPathAllows) {
    const router routes(rows);
    const auto refused = find(routes, http::verb::put, "/v1/users/u/posts/p");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), errc::method_not_allowed);
    EXPECT_EQ(refused.error().details()->allow, "GET, HEAD, DELETE, OPTIONS");
    EXPECT_EQ(routes.allow("/v1/files"), "POST, OPTIONS");
    EXPECT_EQ(routes.allow("/nowhere"), "");
}

TEST(Router, KnowsNoOtherSpellingOfAPath) {
    const router routes(rows);
    for (const char* path :
         {"/v1/users", "/v1/users/", "/v1/users//info", "/v1/users/u/info/", "/V1/users/u/info",
          "//v1/users/u/info", "/", "/v1/users/u/INFO", "/a/b/c/d/e/f/g/h/i/j/k"})
        EXPECT_EQ(code_of(find(routes, http::verb::get, path)), errc::no_such_route) << path;
}
