// Sound as the page keeps it: wav files from chunks, decoded files, peaks for the waveform.

export const PEAKS_PER_S = 20;

/** A wav file of mono 16-bit chunks. */
export function wav(chunks, rate) {
  const bytes = chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0);
  const head = new DataView(new ArrayBuffer(44));
  const text = (place, value) => [...value].forEach((letter, n) => head.setUint8(place + n, letter.charCodeAt(0)));
  text(0, "RIFF"), head.setUint32(4, 36 + bytes, true), text(8, "WAVEfmt "), head.setUint32(16, 16, true);
  head.setUint16(20, 1, true), head.setUint16(22, 1, true), head.setUint32(24, rate, true);
  head.setUint32(28, 2 * rate, true), head.setUint16(32, 2, true), head.setUint16(34, 16, true);
  text(36, "data"), head.setUint32(40, bytes, true);
  return new Blob([head, ...chunks], { type: "audio/wav" });
}

/** Mono 16-bit samples of a file at 16 kHz, or null where this browser cannot read it. */
export async function decode(file) {
  try {
    const buffer = await new OfflineAudioContext(1, 1, 16000).decodeAudioData(await file.arrayBuffer());
    const channels = Array.from({ length: buffer.numberOfChannels }, (_, n) => buffer.getChannelData(n));
    return Int16Array.from(channels[0], (_, place) => {
      const mean = channels.reduce((sum, channel) => sum + channel[place], 0) / channels.length;
      return Math.max(-1, Math.min(1, mean)) * 32767;
    });
  } catch {
    return null;
  }
}

/** The loudest sample, 0 to 1, of each 50 ms. */
export function peaks(samples, rate) {
  const step = Math.round(rate / PEAKS_PER_S), found = [];
  for (let place = 0; place < samples.length; place += step) {
    let peak = 0;
    for (const value of samples.subarray(place, place + step)) peak = Math.max(peak, Math.abs(value));
    found.push(peak / 32768);
  }
  return found;
}

/** Loudness on a scale on which speech at any distance shows: -54 dB is 0, full scale is 1. */
export const loudness = (peak) => Math.max(0, 1 + Math.log10(Math.max(peak, 1e-6)) / 2.7);
