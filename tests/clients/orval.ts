// orval with its axios client: the lines of docs/clients.md, and a walk through the calls.
import {
  connectUser, deleteFile, disconnectUser, getConnection, getCreatorInfo, getPostStatus, listPosts, listVideos,
  postPhotos, uploadVideos,
} from "./generated/orval/gateway.js";
import type { ProblemCode } from "./generated/orval/gateway.js";
import { allow, equal, key, photo, url, user, video } from "./surroundings.js";

// docs: use
import axios, { isAxiosError } from "axios";
import { stageFile, uploadVideo } from "./generated/orval/gateway.js";
import type { Failure, UploadAnswer, VerdictAnswer } from "./generated/orval/gateway.js";

axios.defaults.baseURL = url;
axios.defaults.headers.common.Authorization = `Bearer ${key}`;
const inPath = encodeURIComponent(user); // this client puts it into the path as it is

/** Brings the bytes; gives the file_id. Keep it with the wish: a call that is sent again names the same file. */
async function stage(bytes: Blob): Promise<string> {
  const staged = await stageFile(bytes, { headers: { "Content-Type": "application/octet-stream" } });
  return staged.data.data.file_id;
}

/** The answer is of one type with that of a dry run, which posts nothing. */
function idOf(made: Pick<UploadAnswer["data"], "publish_id"> | VerdictAnswer["data"]): string {
  if ("verdict" in made) throw new Error("a dry run posts nothing");
  return made.publish_id;
}

/** Posts a video; gives its publish_id, or the milliseconds to wait before another try. */
async function post(fileId: string, wish: string): Promise<string | number> {
  try {
    const posted = await uploadVideo(
      inPath,
      { file_to_upload: { file_id: fileId }, caption: "Rye, day four", publish: true },
      {},
      { headers: { "Idempotency-Key": wish } },
    );
    return idOf(posted.data.data);
  } catch (thrown) {
    if (!isAxiosError<Failure>(thrown) || !thrown.response) throw thrown;
    const { problem, error } = thrown.response.data;
    if (problem.code === "rate_limited") return problem.retry_after_ms ?? 1000;
    throw new Error(error);
  }
}

/** Straight from the bytes, without a file that waits. Their type is sent, so the Blob has to have it. */
async function postAtOnce(bytes: Blob): Promise<string> {
  const posted = await uploadVideo(inPath, bytes, { publish: true });
  return idOf(posted.data.data);
}
// docs: end

/** The code and the first faulty input of a call that is refused. */
async function refusal(call: Promise<unknown>): Promise<[ProblemCode, string | undefined]> {
  try {
    await call;
  } catch (thrown) {
    if (!isAxiosError<Failure>(thrown) || !thrown.response) throw thrown;
    const { problem } = thrown.response.data;
    return [problem.code, problem.code === "invalid_input" ? problem.fields?.[0]?.field : undefined];
  }
  throw new Error("it was not refused");
}

async function connect(): Promise<void> {
  equal("before the login", (await refusal(getConnection(inPath)))[0], "user_not_connected");
  const begun = await connectUser(inPath);
  await allow(begun.data.data.authorize_url);
  const connection = (await getConnection(inPath)).data.data;
  equal("connection", connection.state, "connected");
  equal("cause", connection.cause, null);
}

async function read(): Promise<void> {
  const page = (await listVideos(inPath, { max_count: 2 })).data;
  equal("videos of a page", page.data.videos.length, 2);
  const creator = (await getCreatorInfo(inPath)).data;
  equal("private posts", creator.data.privacy_level_options.includes("SELF_ONLY"), true);
  const [code, field] = await refusal(listVideos(inPath, { max_count: 21 }));
  equal("21 videos", code, "invalid_input");
  equal("the faulty input", field, "max_count");
}

async function write(): Promise<void> {
  const file = await stage(video(300_000)), id = await post(file, "wish-1");
  if (typeof id === "number") throw new Error(`there is no limit to wait for: ${id}`);
  equal("sent again", await post(file, "wish-1"), id);
  const status = (await getPostStatus(inPath, id)).data.data;
  equal("publish_id", status.publish_id, id);
  const photos = (await postPhotos(inPath, { photo_images: [photo], photo_cover_index: 0, post_mode: "DIRECT_POST" })).data.data;
  const posts = (await listPosts(inPath)).data.data.posts;
  equal("posts", posts.map((each) => each.action).join(), "TIKTOK_POST_PHOTO,TIKTOK_UPLOAD_VIDEO");
  equal("the newest", posts[0]?.publish_id, idOf(photos));
  const failed = (await listPosts(inPath, { state: "failed", since: "2026-01-01T00:00:00Z" })).data.data;
  equal("failed posts", failed.posts.length, 0);
  const tried = (await uploadVideo(inPath, { file_to_upload: { file_id: file }, dry_run: true })).data.data;
  if (!("verdict" in tried)) throw new Error("a dry run has posted");
  equal("would post", tried.verdict.would_post, true);
  const straight = await postAtOnce(video(250_000));
  equal("the newest now", (await listPosts(inPath)).data.data.posts[0]?.publish_id, straight);
}

async function batch(): Promise<void> {
  const staged = (await stageFile(video(200_000))).data.data;
  const files = [{ file_id: staged.file_id }, { file_id: "file_00000000000000000000000000" }];
  const answer = (await uploadVideos(inPath, { files_to_upload: files, publish: true })).data;
  if (answer.successful) throw new Error("a file that is not there was uploaded");
  equal("batch", answer.problem.code, "partial_failure");
  equal("files", answer.data.results.map((each) => each.problem?.code ?? "posted").join(), "posted,no_such_file");
  await deleteFile(staged.file_id);
}

await connect();
await read();
await write();
await batch();
equal("revoked", (await disconnectUser(inPath)).data.data.revoked_at_tiktok, true);
console.log("walked to the end");
