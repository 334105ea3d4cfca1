// Digits under the thumb for fields marked data-keypad, on a screen that has no keyboard of its own.
const touch = matchMedia("(pointer: coarse)").matches || document.documentElement.clientHeight <= 620;

function keypad(field) {
  const pad = document.createElement("div");
  pad.className = "keypad";
  pad.hidden = true;
  const last = field.dataset.keypad || "";
  for (const key of ["1", "2", "3", "4", "5", "6", "7", "8", "9", last, "0", "⌫"]) {
    const button = document.createElement(key ? "button" : "span");
    if (key) button.type = "button";
    button.textContent = key;
    button.addEventListener("click", () => {
      field.value = key === "⌫" ? field.value.slice(0, -1) : (field.value + key).slice(0, field.maxLength);
    });
    pad.append(button);
  }
  field.closest("label").after(pad);
  field.addEventListener("focus", () => {
    document.querySelectorAll(".keypad").forEach((other) => { other.hidden = other !== pad; });
  });
  return pad;
}

if (touch && !matchMedia("(max-width: 600px)").matches) {
  const fields = [...document.querySelectorAll("[data-keypad]")];
  const pads = fields.map(keypad);
  fields.forEach((field) => { field.inputMode = "none"; });
  if (fields[0]?.name === "pin") pads[0].hidden = false;
}
