// Reads a text aloud: by a voice of this machine where there is one, else by the unit's own recordings.
const recording = new Audio();
let silent = sessionStorage.getItem("silent") === "yes";

function ownVoice(language) {
  // A voice that is not local would send the text to somebody else's server, and needs the internet.
  const voices = globalThis.speechSynthesis?.getVoices() ?? [];
  return voices.find((voice) => voice.localService && voice.lang.slice(0, 2).toLowerCase() === language);
}

export function say(text, address) {
  if (silent || !text) return;
  const voice = ownVoice(document.documentElement.lang.slice(0, 2));
  if (voice) {
    speechSynthesis.cancel();
    const spoken = new SpeechSynthesisUtterance(text);
    spoken.voice = voice;
    spoken.lang = voice.lang;
    speechSynthesis.speak(spoken);
    return;
  }
  recording.src = address;
  recording.play().catch(() => undefined);
}

export function hush() {
  globalThis.speechSynthesis?.cancel();
  recording.pause();
}

for (const button of document.querySelectorAll("[data-say]")) {
  button.addEventListener("click", () => say(document.getElementById(button.dataset.say).textContent, button.dataset.voice));
}

const mute = document.getElementById("mute");
function showMute() {
  mute.textContent = silent ? mute.dataset.on : mute.dataset.off;
}
if (mute) {
  showMute();
  mute.addEventListener("click", () => {
    silent = !silent;
    sessionStorage.setItem("silent", silent ? "yes" : "no");
    if (silent) hush();
    showMute();
  });
}
