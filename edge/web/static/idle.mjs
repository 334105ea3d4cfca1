// Warns before the idle sign-out, and signs out when nobody answers. Any touch counts as use.
const idle = Number(document.body.dataset.idle) * 1000;
const warning = Number(document.body.dataset.warning) * 1000;
const dialog = document.getElementById("idle");
let last = Date.now();
let told = Date.now();

async function stay() {
  last = told = Date.now();
  if (dialog.open) dialog.close();
  await fetch("/stay").catch(() => undefined);
}

for (const kind of ["pointerdown", "keydown"]) {
  addEventListener(kind, () => {
    last = Date.now();
    if (last - told > warning) stay();
  });
}
document.getElementById("stay").addEventListener("click", stay);
setInterval(() => {
  const quiet = Date.now() - last;
  if (quiet > idle) document.querySelector("form[action='/sign-out']").requestSubmit();
  else if (quiet > idle - warning && !dialog.open) dialog.showModal();
}, 1000);
