// What OpenAI's SDK for Node does with videos, of either major version.
//
// Usage: openai_node.mjs SDK ADDRESS LOSSY_ADDRESS, where SDK is the folder of the package, and the
// second address loses the answers to first tries.
import assert from "node:assert/strict";
import fs from "node:fs";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const [sdk, address, lossyAddress] = process.argv.slice(2);
const require = createRequire(import.meta.url);
const { OpenAI, toFile } = require(sdk);
const { version } = require(path.join(sdk, "package.json"));
const client = new OpenAI({ baseURL: `${address}/v1`, apiKey: "sk-local" });
const connect = () => new OpenAI({ baseURL: `${lossyAddress}/v1`, apiKey: "sk-local" });

const png = Buffer.from("\x89PNG\r\n\x1a\n0000", "latin1");
const addressOfAnImage = "https://images.example/first.png";

async function all(pages) {
  const ids = [];
  for await (const video of pages) ids.push(video.id);
  return ids;
}

const ids = () => all(client.videos.list({ limit: 100 }));

/** The exception of this class, and of no other, that the call rejects with. */
async function fails(kind, call) {
  const error = await call().then(() => assert.fail(`no ${kind.name}`), (error) => error);
  assert.equal(error.constructor, kind, error);
  assert.ok(error.requestID, "an answer without x-request-id");
  return error;
}

/** The SDK for Node has no helper that polls. */
async function poll(id) {
  for (let progress = 0; ; await sleep(200)) {
    const video = await client.videos.retrieve(id);
    assert.ok(Number.isInteger(video.progress) && video.progress >= progress, `${video.progress}`);
    progress = video.progress;
    if (!["queued", "in_progress"].includes(video.status)) return video;
  }
}

const tests = {
  async "text becomes a video that can be downloaded and deleted"() {
    const prompt = 'A "calm" sea\nwith née 海';
    const asked = { model: "kling-v3", prompt, seconds: "5", size: "1280x720" };
    const { id } = await client.videos.create(asked);
    const video = await poll(id);
    assert.deepEqual([video.status, video.progress, video.error], ["completed", 100, null]);
    assert.deepEqual([video.model, video.seconds, video.size], ["kling-v3", "5", "1280x720"]);

    // From another origin.
    const answer = await client.videos.downloadContent(id);
    assert.ok(answer.redirected);
    const content = Buffer.from(await answer.arrayBuffer());
    assert.equal(content.subarray(4, 8).toString(), "ftyp");

    for (const _ of [1, 2]) {
      const deleted = await client.videos.delete(id);
      assert.deepEqual(
        [deleted.id, deleted.deleted, deleted.object],
        [id, true, "video.deleted"],
      );
    }
    await fails(OpenAI.NotFoundError, () => client.videos.retrieve(id));
  },

  async "an image is a file, a stream or an address"() {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "filmgate-"));
    const file = path.join(folder, "first.png");
    fs.writeFileSync(file, png);
    const first = await toFile(png, "first.png", { type: "image/png" });
    const last = await toFile(png, "last.png");
    const images = [
      first,
      fs.createReadStream(file),
      [first, last],
      addressOfAnImage,
      { image_url: addressOfAnImage },
    ];
    for (const input_reference of images) {
      const asked = { model: "viduq2-turbo", prompt: "She turns", input_reference };
      const video = await client.videos.create(asked);
      assert.deepEqual([video.status, video.warnings], ["queued", undefined]);
    }
    fs.rmSync(folder, { recursive: true });
  },

  async "options are taken as a form and as JSON"() {
    const metadata = { style: "anime", bgm: true };
    const body = { model: "viduq1", prompt: "A paper boat", seconds: 5, seed: 7, metadata };
    const headers = { Prefer: "handling=strict" };
    for (const video of [
      await client.videos.create(body, { headers }),
      await client.post("/videos", { body, headers }),
    ]) {
      assert.deepEqual([video.object, video.seconds], ["video", "5"]);
    }
  },

  async "pages follow each other"() {
    const made = [];
    for (let more = 5; more > 0; more -= 1) {
      const video = await client.videos.create({ model: "viduq1", prompt: "One of five" });
      made.unshift(video.id);
    }
    const sizes = [];
    for await (const page of (await client.videos.list({ limit: 2 })).iterPages()) {
      sizes.push(page.data.length);
    }
    assert.ok(sizes.length >= 3, `${sizes}`);
    const listed = await all(client.videos.list({ limit: 2 }));
    assert.deepEqual(listed, await ids());
    assert.deepEqual(listed.slice(0, 5), made);
    const ascending = await all(client.videos.list({ limit: 3, order: "asc" }));
    assert.deepEqual(ascending, listed.reverse());
  },

  async "errors are the exceptions of their kinds"() {
    const create = (asked) => client.videos.create({ model: "viduq1", prompt: "x", ...asked });
    const rows = [
      [OpenAI.BadRequestError, () => create({ seconds: "99" }), "invalid_parameter", "seconds"],
      [OpenAI.BadRequestError, () => create({ model: "sora-2" }), "unknown_model", "model"],
      [
        OpenAI.BadRequestError,
        () => client.videos.remix("video_1", { prompt: "again" }),
        "not_supported",
      ],
      [OpenAI.NotFoundError, () => client.videos.retrieve("video_nobody_s"), "task_not_found"],
      [
        OpenAI.AuthenticationError,
        () => new OpenAI({ baseURL: `${address}/v1`, apiKey: "sk-wrong" }).models.list(),
        "unknown_api_key",
      ],
    ];
    for (const [kind, call, code, param] of rows) {
      const error = await fails(kind, call);
      assert.equal(error.code, code);
      if (param !== undefined) assert.equal(error.param, param);
    }
  },

  async "a video that is not finished is not downloaded, not deleted, but cancelled"() {
    const { id } = await client.videos.create({ model: "viduq1", prompt: "A paper boat" });
    const early = await fails(OpenAI.NotFoundError, () => client.videos.downloadContent(id));
    assert.equal(early.code, "video_not_ready");
    await fails(OpenAI.ConflictError, () => client.videos.delete(id));
    const cancelled = await client.post(`/videos/${id}/cancel`);
    assert.deepEqual([cancelled.id, cancelled.status], [id, "failed"]);
    assert.equal(cancelled.error.code, "cancelled_at_vendor");
  },

  async "models are listed"() {
    const models = [];
    for await (const model of client.models.list()) models.push(model.id);
    assert.ok(models.includes("kling-v3") && models.includes("viduq1"), `${models}`);
  },

  async "a retry of a lost answer makes nothing new"() {
    const before = await ids();
    const lost = { model: "viduq1", prompt: "Its answer is lost" };
    const { id } = await connect().videos.create(lost);
    assert.deepEqual(await ids(), [id, ...before]);

    // Two are wanted, in the same words and at once.
    const twins = { model: "viduq1", prompt: "Two of a kind" };
    const pair = await Promise.all([1, 2].map(() => connect().videos.create(twins)));
    const after = await ids();
    assert.deepEqual(after.slice(0, 2).sort(), pair.map((video) => video.id).sort());
    assert.deepEqual(after.slice(2), [id, ...before]);
  },
};

console.log(`openai ${version} for Node`);
for (const [name, test] of Object.entries(tests)) {
  console.log(`  ${name}`);
  await test();
}
