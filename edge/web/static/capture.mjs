// The live page: hint, countdown and progress from the unit's events; one press starts the window, once more again.
import { say } from "./voice.mjs";

const live = document.getElementById("live");
const hint = document.getElementById("hint");
const left = document.getElementById("left");
const share = document.getElementById("share");
const start = document.getElementById("start");

function show(now) {
  document.body.dataset.phase = now.phase;
  if (now.phase === "done" || now.phase === "gone") {
    location.assign("/visit");
    return;
  }
  if (now.phase === "failed") {
    hint.textContent = now.error;
    const detail = document.createElement("small");
    detail.textContent = now.detail;
    hint.append(detail);
    hint.classList.remove("good");
    events.close();
    if (start) start.querySelector("button").disabled = false;
    return;
  }
  if (said !== undefined && now.say !== said) say(now.text, hint.dataset.voice + now.hint);
  said = now.say;
  if (now.ask && now.asked !== asked) say(now.ask, `/voice/action/${now.asked}`);
  asked = now.asked;
  if (now.text) {
    hint.textContent = now.ask || now.text;
    hint.classList.toggle("good", now.hint === "good" || now.document === "ready");
  }
  if (left && now.left_s !== null && now.left_s !== undefined) left.textContent = String(Math.ceil(now.left_s));
  if (share) share.value = now.share;
}

let events;
let said;
let asked = "";
function listen() {
  events = new EventSource("/visit/live");
  events.onmessage = (event) => show(JSON.parse(event.data));
}
if (live) listen();

start?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = start.querySelector("button");
  button.disabled = true;
  const answer = await fetch(start.action, { method: "POST", body: new URLSearchParams(new FormData(start)) });
  if (answer.status !== 204) location.assign("/visit");
  else if (events.readyState === EventSource.CLOSED) listen();
});
