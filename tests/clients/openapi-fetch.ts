// openapi-typescript with openapi-fetch: the lines of docs/clients.md, and a walk through the calls.
import type { components } from "./generated/openapi-typescript.js";
import { allow, equal, key, photo, url, user, video } from "./surroundings.js";

// docs: use
import createClient from "openapi-fetch";
import type { paths } from "./generated/openapi-typescript.js";

const gateway = createClient<paths>({ baseUrl: url, headers: { Authorization: `Bearer ${key}` } });

/** Brings the bytes; gives the file_id. Keep it with the wish: a call that is sent again names the same file. */
async function stage(bytes: Blob): Promise<string> {
  const staged = await gateway.POST("/v1/files", {
    body: bytes,
    bodySerializer: (body) => body,
    headers: { "Content-Type": "application/octet-stream" },
  });
  if (staged.error) throw new Error(staged.error.error);
  return staged.data.data.file_id;
}

/** Posts a video; gives its publish_id, or the milliseconds to wait before another try. */
async function post(fileId: string, wish: string): Promise<string | number> {
  const posted = await gateway.POST("/v1/users/{user_id}/videos", {
    params: { path: { user_id: user }, header: { "Idempotency-Key": wish } },
    body: { file_to_upload: { file_id: fileId }, caption: "Rye, day four", publish: true },
  });
  if (posted.error?.problem.code === "rate_limited") return posted.error.problem.retry_after_ms ?? 1000;
  if (posted.error) throw new Error(posted.error.error);
  const made = posted.data.data;
  if ("verdict" in made) throw new Error("a dry run posts nothing");
  return made.publish_id;
}
// docs: end

const path = { user_id: user };

function needed<T>(answer: { data?: T; error?: components["schemas"]["Failure"] }): T {
  if (answer.data === undefined) throw new Error(answer.error?.error ?? "no answer");
  return answer.data;
}

async function connect(): Promise<void> {
  const unknown = await gateway.GET("/v1/users/{user_id}", { params: { path } });
  equal("before the login", unknown.error?.problem.code, "user_not_connected");
  const begun = needed(await gateway.POST("/v1/users/{user_id}/connect", { params: { path } }));
  await allow(begun.data.authorize_url);
  const connection = needed(await gateway.GET("/v1/users/{user_id}", { params: { path } })).data;
  equal("connection", connection.state, "connected");
  equal("cause", connection.cause, null);
}

async function read(): Promise<void> {
  const page = needed(await gateway.GET("/v1/users/{user_id}/videos", { params: { path, query: { max_count: 2 } } }));
  equal("videos of a page", page.data.videos.length, 2);
  const creator = needed(await gateway.GET("/v1/users/{user_id}/creator", { params: { path } }));
  equal("private posts", creator.data.privacy_level_options.includes("SELF_ONLY"), true);
  const refused = await gateway.GET("/v1/users/{user_id}/videos", { params: { path, query: { max_count: 21 } } });
  if (refused.error?.problem.code !== "invalid_input") throw new Error("21 videos were not refused");
  equal("the faulty input", refused.error.problem.fields?.[0]?.field, "max_count");
}

async function write(): Promise<void> {
  const file = await stage(video(300_000)), id = await post(file, "wish-1");
  if (typeof id === "number") throw new Error(`there is no limit to wait for: ${id}`);
  equal("sent again", await post(file, "wish-1"), id);
  const status = needed(await gateway.GET("/v1/users/{user_id}/posts/{publish_id}", {
    params: { path: { ...path, publish_id: id } },
  })).data;
  equal("publish_id", status.publish_id, id);
  const photos = needed(await gateway.POST("/v1/users/{user_id}/photos", {
    params: { path },
    body: { photo_images: [photo], photo_cover_index: 0, post_mode: "DIRECT_POST" },
  })).data;
  const posts = needed(await gateway.GET("/v1/users/{user_id}/posts", { params: { path } })).data.posts;
  equal("posts", posts.map((each) => each.action).join(), "TIKTOK_POST_PHOTO,TIKTOK_UPLOAD_VIDEO");
  if ("verdict" in photos) throw new Error("photos were not posted");
  equal("the newest", posts[0]?.publish_id, photos.publish_id);
  const failed = needed(await gateway.GET("/v1/users/{user_id}/posts", {
    params: { path, query: { state: "failed", since: "2026-01-01T00:00:00Z" } },
  }));
  equal("failed posts", failed.data.posts.length, 0);
  const tried = needed(await gateway.POST("/v1/users/{user_id}/videos", {
    params: { path },
    body: { file_to_upload: { file_id: file }, dry_run: true },
  })).data;
  if (!("verdict" in tried)) throw new Error("a dry run has posted");
  equal("would post", tried.verdict.would_post, true);
}

async function batch(): Promise<void> {
  const staged = needed(await gateway.POST("/v1/files", {
    body: video(200_000),
    bodySerializer: (body) => body,
    headers: { "Content-Type": "application/octet-stream" },
  })).data;
  const answer = needed(await gateway.POST("/v1/users/{user_id}/videos/batch", {
    params: { path },
    body: { files_to_upload: [{ file_id: staged.file_id }, { file_id: "file_00000000000000000000000000" }], publish: true },
  }));
  if (answer.successful) throw new Error("a file that is not there was uploaded");
  equal("batch", answer.problem.code, "partial_failure");
  equal("files", answer.data.results.map((each) => each.problem?.code ?? "posted").join(), "posted,no_such_file");
  needed(await gateway.DELETE("/v1/files/{file_id}", { params: { path: { file_id: staged.file_id } } }));
}

await connect();
await read();
await write();
await batch();
const gone = needed(await gateway.DELETE("/v1/users/{user_id}", { params: { path } })).data;
equal("revoked", gone.revoked_at_tiktok, true);
console.log("walked to the end");
