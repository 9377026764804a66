// Connects a user, posts a video and waits for its end. Node 18 or newer, no packages.
//   KEY=tgk_… node post_video.mjs clip.mp4 'Rye, day four' order-0017
import {createReadStream} from 'node:fs';
import {stat} from 'node:fs/promises';
import {Readable} from 'node:stream';
import {setTimeout as sleep} from 'node:timers/promises';

const gateway = process.env.GATEWAY ?? 'http://127.0.0.1:8080';
const user = `${gateway}/v1/users/customer-4711`;
const [file, caption, wish] = process.argv.slice(2);
if (!wish || !process.env.KEY) {
  console.error('usage: KEY=tgk_… node post_video.mjs FILE CAPTION WISH');
  process.exit(2);
}

class Refused extends Error {
  constructor({error, problem, data}) {
    super(error);
    this.problem = problem; // code, retryable, retry_after_ms, fields, request_id
    this.data = data; // of outcome_unknown: publish_id, status_path
  }
}

// One call; the same again, after the wait that the gateway names, while it can still succeed. `options` is made
// anew for each try, since a stream can be read once.
async function call(method, url, options = () => ({headers: {}})) {
  const until = Date.now() + 5 * 60_000;
  for (;;) {
    let answer;
    try {
      const {headers, ...rest} = await options();
      const key = {Authorization: `Bearer ${process.env.KEY}`};
      answer = await (await fetch(url, {method, headers: {...key, ...headers}, ...rest})).json();
    } catch (failed) { // no answer, or not the gateway's: what is written has an Idempotency-Key, so send it again
      if (Date.now() > until) throw failed;
      console.error(`no answer from ${gateway}, so again: ${failed.cause?.message ?? failed.message}`);
      answer = {problem: {retryable: true}};
    }
    if (answer.successful) return answer.data;
    const {retryable, retry_after_ms: wait = 1000} = answer.problem;
    if (!retryable || Date.now() + wait > until) throw new Refused(answer);
    await sleep(wait);
  }
}

async function isConnected() {
  try {
    return (await call('GET', user)).state === 'connected';
  } catch (refused) {
    if (refused.problem?.code === 'user_not_connected') return false;
    throw refused;
  }
}

async function connect() {
  if (await isConnected()) return;
  const {authorize_url} = await call('POST', `${user}/connect`);
  console.log(`open ${authorize_url}`); // in the browser of that very user
  for (let tries = 0; !(await isConnected()); ++tries) {
    if (tries === 300) throw new Error('nobody logged in within ten minutes');
    await sleep(2000);
  }
}

async function post() {
  const query = new URLSearchParams({publish: 'true', privacy_level: 'SELF_ONLY', caption});
  const {size} = await stat(file);
  return call('POST', `${user}/videos?${query}`, () => ({
    headers: {'Content-Type': 'video/mp4', 'Content-Length': String(size), 'Idempotency-Key': wish},
    body: Readable.toWeb(createReadStream(file)), duplex: 'half',
  }));
}

async function follow(publishId) {
  for (;;) {
    const status = await call('GET', `${user}/posts/${publishId}`);
    if (['in_inbox', 'published', 'failed'].includes(status.state)) return status;
    await sleep(2000); // TikTok takes 30 of these calls a minute
  }
}

try {
  await connect();
  const {publish_id} = await post();
  const {state, fail_reason} = await follow(publish_id);
  console.log(`${state} ${publish_id} ${fail_reason ?? ''}`);
} catch (error) {
  const {code, fields = [], request_id} = error.problem ?? {};
  if (code === 'outcome_unknown') // it may be posted: never send it under another key before this has told an end
    console.error(`ask ${error.data.status_path ?? 'the creator'}`);
  else if (code === 'reconnect_required') console.error('this user has to connect again');
  else if (code === 'invalid_input') for (const {field, reason} of fields) console.error(`${field} ${reason}`);
  console.error(`${code ?? 'failed'}: ${error.message} ${request_id ?? ''}`);
  process.exitCode = 1;
}
