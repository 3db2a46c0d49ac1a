"use strict";
// Reads a curve's figures out under the pointer. The page is complete without it.
for (const figure of document.querySelectorAll("figure[data-curve]")) {
  const curve = JSON.parse(figure.dataset.curve);
  const line = figure.querySelector(".readout");
  const bins = curve.rows[0][1].length;
  const two = (n) => String(n).padStart(2, "0");
  figure.querySelectorAll(".picture").forEach((picture, which) => {
    const [left, right] = curve.spans[Math.min(which, curve.spans.length - 1)];
    const cursor = document.createElement("i");
    cursor.className = "cursor";
    picture.append(cursor);
    picture.addEventListener("pointermove", (event) => {
      const box = picture.getBoundingClientRect();
      const share = ((event.clientX - box.left) / box.width - left) / (right - left);
      const bin = Math.floor(share * bins);
      if (bin < 0 || bin >= bins) { cursor.style.display = "none"; return; }
      const at = new Date(curve.start + bin * curve.bin);
      const when = at.getUTCFullYear() + "-" + two(at.getUTCMonth() + 1) + "-" + two(at.getUTCDate()) + " " +
        two(at.getUTCHours()) + ":" + two(at.getUTCMinutes());
      line.textContent = when + "  ·  " + curve.rows.map(([name, values]) => name + " " + values[bin]).join("  ·  ");
      cursor.style.display = "block";
      cursor.style.left = 100 * (left + (right - left) * (bin + 0.5) / bins) + "%";
    });
    picture.addEventListener("pointerleave", () => { cursor.style.display = "none"; line.textContent = ""; });
  });
}
