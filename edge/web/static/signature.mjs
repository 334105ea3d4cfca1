// A signature drawn with a finger: black on white, put into the form when it is sent.
const canvas = document.getElementById("drawing");
const form = canvas.closest("form");
const pen = canvas.getContext("2d");
let drawn = false;

function wipe() {
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.strokeStyle = "#000";
  pen.lineWidth = 6;
  pen.lineCap = pen.lineJoin = "round";
  drawn = false;
}

function at(event) {
  const box = canvas.getBoundingClientRect();
  return [((event.clientX - box.left) * canvas.width) / box.width, ((event.clientY - box.top) * canvas.height) / box.height];
}

canvas.addEventListener("pointerdown", (event) => {
  canvas.setPointerCapture(event.pointerId);
  pen.beginPath();
  pen.moveTo(...at(event));
});
canvas.addEventListener("pointermove", (event) => {
  if (!event.buttons) return;
  pen.lineTo(...at(event));
  pen.stroke();
  drawn = true;
});
document.getElementById("wipe").addEventListener("click", wipe);
form.addEventListener("submit", () => {
  form.elements.drawing.value = drawn ? canvas.toDataURL("image/png") : "";
});
wipe();
