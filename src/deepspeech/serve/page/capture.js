// AudioWorklet: microphone samples in, 16-bit chunks of 50 ms with their peak out.

registerProcessor("capture", class extends AudioWorkletProcessor {
  constructor() {
    super();
    this.chunk = new Int16Array(Math.round(sampleRate / 20));
    this.filled = 0;
    this.port.onmessage = () => this.send(null); // the last, shorter chunk, and null: nothing follows
  }

  send(end) {
    const samples = this.chunk.slice(0, this.filled);
    this.filled = 0;
    this.port.postMessage(samples, [samples.buffer]);
    if (end === null) this.port.postMessage(null);
  }

  process([[channel]]) {
    for (const value of channel ?? []) {
      const clipped = Math.max(-1, Math.min(1, value));
      this.chunk[this.filled++] = Math.round(clipped * 32767);
      if (this.filled === this.chunk.length) this.send();
    }
    return true;
  }
});
