// Runs in each page before the page's own script. `probe` is asked by bench/page.py.
{
  const FIRST = "first";
  const promises = new Map();
  const promised = (ticket) => {
    if (!promises.has(ticket)) promises.set(ticket, Promise.withResolvers());
    return promises.get(ticket);
  };

  // A frame is painted after its callbacks; a message that one of them posts arrives after that.
  const afterPaint = (then) =>
    requestAnimationFrame(() => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = then;
      port2.postMessage(null);
    });

  const seen = new Set();
  new MutationObserver(() => {
    const rows = [...document.querySelectorAll("[data-ticket]")].map((row) => row.dataset.ticket);
    const added = rows.filter((ticket) => !seen.has(ticket));
    if (!added.length) return;
    added.forEach((ticket) => seen.add(ticket));
    afterPaint(() => {
      promised(FIRST).resolve(performance.now());
      for (const ticket of added) promised(ticket).resolve(Date.now());
    });
  }).observe(document, { childList: true, subtree: true });

  let frames, running;

  window.probe = {
    /** When the first row was painted: milliseconds since the navigation began. */
    firstRow: () => promised(FIRST).promise,

    /** When the ticket's row was painted: milliseconds since 1970. */
    rowOf: (ticket) => promised(ticket).promise,

    /** Begins to count how long each frame takes. */
    countFrames() {
      frames = [];
      let last = performance.now();
      const next = (now) => {
        frames.push(now - last);
        last = now;
        running = requestAnimationFrame(next);
      };
      running = requestAnimationFrame(next);
    },

    /** The frames since then, in milliseconds. */
    framesCounted() {
      cancelAnimationFrame(running);
      return frames;
    },
  };
}
