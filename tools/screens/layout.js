// What is out of place on a page; see layout.py. Called with the least size of a target, in CSS px.
(targetPx) => {
  const faults = [], root = document.documentElement;
  const said = (e) => (e.textContent || e.value || "").trim().slice(0, 24);
  const name = (e) => `${e.tagName.toLowerCase()}${e.id ? "#" + e.id : ""}.${e.className} "${said(e)}"`;
  const seen = {checkOpacity: true, checkVisibilityCSS: true};
  const shown = (e) => e.checkVisibility(seen) && e.getClientRects().length > 0;
  if (root.scrollWidth > root.clientWidth) faults.push(`the page is ${root.scrollWidth - root.clientWidth} px too wide`);
  for (const e of document.querySelectorAll("button, a, summary, select, input:not([type=hidden])")) {
    if (!shown(e)) continue;
    const label = e.matches("input[type=checkbox], input[type=radio]") ? e.closest("label") : null;
    const box = (label ?? e).getBoundingClientRect();
    if (box.height < targetPx - 0.5 || box.width < targetPx - 0.5)
      faults.push(`${name(e)} is ${Math.round(box.width)}×${Math.round(box.height)} px`);
    if (box.left < -0.5 || box.right > root.clientWidth + 0.5) faults.push(`${name(e)} leaves the page`);
  }
  for (const e of document.querySelectorAll("main *, header *")) {
    if (!shown(e) || e.closest("svg") || e.matches("input, select, progress, img")) continue;
    const style = getComputedStyle(e);
    if (style.overflow !== "visible" && (e.scrollWidth > e.clientWidth + 1 || e.scrollHeight > e.clientHeight + 1))
      faults.push(`${name(e)} is cut off`);
  }
  const solid = ["h1", "p", "button", "a", "label", "dt", "dd", "img"].map((tag) => `main ${tag}`).join(", ");
  const boxes = [...document.querySelectorAll(solid)]
    .filter(shown).map((e) => [e, e.getBoundingClientRect()]);
  for (const [e, a] of boxes) for (const [f, b] of boxes) {
    if (e === f || e.contains(f) || f.contains(e) || f.closest(".picture") && e.closest(".picture")) continue;
    const x = (a.left + a.right) / 2, y = (a.top + a.bottom) / 2;
    if (x > b.left && x < b.right && y > b.top && y < b.bottom) faults.push(`${name(e)} lies on ${name(f)}`);
  }
  return faults;
}
