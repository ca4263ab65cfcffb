// The microphone: chunks of 16-bit samples at its own rate. Throws Problem.

import { Problem } from "./server.js";

const CAUSES = {
  NotAllowedError: "refused", SecurityError: "refused", NotFoundError: "noMicrophone", OverconstrainedError: "noMicrophone",
};

/** `onChunk(Int16Array)`. Resolves to {rate, stop}; `stop()` resolves after the last chunk. */
export async function openMicrophone(onChunk) {
  if (!navigator.mediaDevices) throw new Problem("insecure");
  // Processing for calls removes parts of speech; only the gain helps.
  const audio = { channelCount: 1, echoCancellation: false, noiseSuppression: false, autoGainControl: true };
  const media = await navigator.mediaDevices.getUserMedia({ audio }).catch((error) => {
    throw new Problem(CAUSES[error.name] ?? "busyMicrophone");
  });
  const context = new AudioContext();
  await context.audioWorklet.addModule(new URL("capture.js", import.meta.url));
  await context.resume();
  const node = new AudioWorkletNode(context, "capture", { numberOfOutputs: 0, channelCount: 1, channelCountMode: "explicit" });
  const ended = new Promise((resolve) => {
    node.port.onmessage = ({ data }) => (data === null ? resolve() : data.length && onChunk(data));
  });
  context.createMediaStreamSource(media).connect(node);
  return {
    rate: context.sampleRate,
    async stop() {
      node.port.postMessage("stop");
      await ended;
      for (const track of media.getTracks()) track.stop();
      await context.close();
    },
  };
}
