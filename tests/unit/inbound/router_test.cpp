#include "inbound/router.hpp"

#include <gtest/gtest.h>

#include <array>
#include <stdexcept>

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
    EXPECT_EQ(found->path.at("user_id"), "shop:7");
    EXPECT_EQ(found->path.at("publish_id"), "v_pub_url~v2.1");
}

TEST(Router, PrefersALiteralToAParameterWhateverTheOrderOfTheRows) {
    constexpr std::array<api::row, 3> both{{
        {.slug = "ONE", .method = api::verb::get, .path = "/v1/users/{user_id}/videos/{video_id}"},
        {.slug = "LATEST", .method = api::verb::get, .path = "/v1/users/{user_id}/videos/latest"},
        {.slug = "QUERY", .method = api::verb::post, .path = "/v1/users/{user_id}/videos/query"},
    }};
    const std::array<api::row, 3> turned{both[2], both[1], both[0]};
    for (const auto& order : {both, turned}) {
        const router routes(order);
        EXPECT_EQ(find(routes, http::verb::get, "/v1/users/u/videos/latest")->to->slug, "LATEST");
        const auto one = find(routes, http::verb::get, "/v1/users/u/videos/7");
        EXPECT_EQ(one->to->slug, "ONE");
        EXPECT_EQ(one->path.at("video_id"), "7");
        EXPECT_EQ(one->path.at("publish_id"), "");
        EXPECT_EQ(one->path.all_but("user_id"), "7");
        EXPECT_EQ(find(routes, http::verb::post, "/v1/users/u/videos/query")->to->slug, "QUERY");
    }
}

TEST(Router, RefusesARowWithMorePathThanFits) {
    constexpr std::array<api::row, 1> deep{{{.slug = "DEEP", .path = "/{a}/{b}/{c}/{d}/{e}"}}};
    EXPECT_THROW(router{deep}, std::invalid_argument);
}

TEST(Router, DecodesASegmentOnceSoThatRouteAndRightsSeeTheSameUser) {
    const router routes(rows);
    const auto found = find(routes, http::verb::get, "/v1/users/a%40b/info");
    ASSERT_TRUE(found);
    EXPECT_EQ(found->path.at("user_id"), "a@b");
    const auto twice = find(routes, http::verb::get, "/v1/users/a%2540b/info");
    ASSERT_TRUE(twice);
    EXPECT_EQ(twice->path.at("user_id"), "a%40b"); // refused later as a user_id, never decoded again
    for (const char* written : {"auth0%7Crye+t==", "auth0%7crye%2Bt%3D%3d"}) {
        const auto same = find(routes, http::verb::get, "/v1/users/" + std::string(written) + "/info");
        ASSERT_TRUE(same) << written;
        EXPECT_EQ(same->path.at("user_id"), "auth0|rye+t==") << "a plus is no blank in a path";
    }
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
