// @hey-api/openapi-ts with client-fetch: the lines of docs/clients.md, and a walk through the calls.
import {
  connectUser, deleteFile, disconnectUser, getConnection, getCreatorInfo, getPostStatus, listPosts, listVideos,
  postPhotos, uploadVideos,
} from "./generated/hey-api/index.js";
import type { Failure } from "./generated/hey-api/index.js";
import { allow, equal, key, photo, url, user, video } from "./surroundings.js";

// docs: use
import { client } from "./generated/hey-api/client.gen.js";
import { stageFile, uploadVideo } from "./generated/hey-api/index.js";

client.setConfig({ baseUrl: url, auth: () => key });

/** Brings the bytes; gives the file_id. Keep it with the wish: a call that is sent again names the same file. */
async function stage(bytes: Blob): Promise<string> {
  const staged = await stageFile({ body: bytes });
  if (staged.error) throw new Error(staged.error.error);
  return staged.data.data.file_id;
}

/** Posts a video; gives its publish_id, or the milliseconds to wait before another try. */
async function post(fileId: string, wish: string): Promise<string | number> {
  const posted = await uploadVideo({
    path: { user_id: user },
    headers: { "Idempotency-Key": wish },
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

function needed<T>(answer: { data?: T; error?: Failure }): T {
  if (answer.data === undefined) throw new Error(answer.error?.error ?? "no answer");
  return answer.data;
}

async function connect(): Promise<void> {
  const unknown = await getConnection({ path });
  equal("before the login", unknown.error?.problem.code, "user_not_connected");
  const begun = needed(await connectUser({ path }));
  await allow(begun.data.authorize_url);
  const connection = needed(await getConnection({ path })).data;
  equal("connection", connection.state, "connected");
  equal("cause", connection.cause, null);
}

async function read(): Promise<void> {
  const page = needed(await listVideos({ path, query: { max_count: 2 } }));
  equal("videos of a page", page.data.videos.length, 2);
  const creator = needed(await getCreatorInfo({ path }));
  equal("private posts", creator.data.privacy_level_options.includes("SELF_ONLY"), true);
  const refused = await listVideos({ path, query: { max_count: 21 } });
  if (refused.error?.problem.code !== "invalid_input") throw new Error("21 videos were not refused");
  equal("the faulty input", refused.error.problem.fields?.[0]?.field, "max_count");
}

async function write(): Promise<void> {
  const file = await stage(video(300_000)), id = await post(file, "wish-1");
  if (typeof id === "number") throw new Error(`there is no limit to wait for: ${id}`);
  equal("sent again", await post(file, "wish-1"), id);
  const status = needed(await getPostStatus({ path: { ...path, publish_id: id } })).data;
  equal("publish_id", status.publish_id, id);
  const photos = needed(await postPhotos({
    path,
    body: { photo_images: [photo], photo_cover_index: 0, post_mode: "DIRECT_POST" },
  })).data;
  const posts = needed(await listPosts({ path })).data.posts;
  equal("posts", posts.map((each) => each.action).join(), "TIKTOK_POST_PHOTO,TIKTOK_UPLOAD_VIDEO");
  if ("verdict" in photos) throw new Error("photos were not posted");
  equal("the newest", posts[0]?.publish_id, photos.publish_id);
  const failed = needed(await listPosts({ path, query: { state: "failed", since: "2026-01-01T00:00:00Z" } }));
  equal("failed posts", failed.data.posts.length, 0);
  const tried = needed(await uploadVideo({ path, body: { file_to_upload: { file_id: file }, dry_run: true } })).data;
  if (!("verdict" in tried)) throw new Error("a dry run has posted");
  equal("would post", tried.verdict.would_post, true);
}

async function batch(): Promise<void> {
  const staged = needed(await stageFile({ body: video(200_000) })).data;
  const answer = needed(await uploadVideos({
    path,
    body: { files_to_upload: [{ file_id: staged.file_id }, { file_id: "file_00000000000000000000000000" }], publish: true },
  }));
  if (answer.successful) throw new Error("a file that is not there was uploaded");
  equal("batch", answer.problem.code, "partial_failure");
  equal("files", answer.data.results.map((each) => each.problem?.code ?? "posted").join(), "posted,no_such_file");
  needed(await deleteFile({ path: { file_id: staged.file_id } }));
}

await connect();
await read();
await write();
await batch();
const gone = needed(await disconnectUser({ path })).data;
equal("revoked", gone.revoked_at_tiktok, true);
console.log("walked to the end");
