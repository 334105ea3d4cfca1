// The pairing code stands behind `#`, which browsers send to nobody; it goes up once, in a form.
const form = document.getElementById("join");
const code = location.hash.slice(1);
history.replaceState(null, "", location.pathname);
form.elements.code.value = code;
if (code) form.requestSubmit();
