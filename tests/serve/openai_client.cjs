// OpenAI's client for node against a server: node openai_client.cjs URL FILE; prints what it got as JSON.
const fs = require("fs");
const { OpenAI } = require("openai");

async function main(url, file) {
  const client = new OpenAI({ baseURL: url, apiKey: "none", maxRetries: 0 });
  const create = (more) => client.audio.transcriptions.create({ model: "tones", file: fs.createReadStream(file), ...more });
  const found = { json: (await create({})).text, vtt: await create({ response_format: "vtt" }), deltas: "", models: [] };
  for await (const event of await create({ stream: true })) {
    if (event.type === "transcript.text.delta") found.deltas += event.delta;
    if (event.type === "transcript.text.done") found.done = event.text;
  }
  for await (const model of client.models.list()) found.models.push(model.id);
  await client.models.retrieve("none").catch((error) => { found.error = [error.status, error.code]; });
  console.log(JSON.stringify(found));
}

main(...process.argv.slice(2));
