// What is nicer with a script; everything can be read without one. No text of a page or of a
// collector ever becomes markup here, but by the one policy that fetches a page of ours.
"use strict";
(() => {
  const find = (selector) => document.querySelector(selector);
  const typing = (target) => target.closest("input, textarea, select, [contenteditable]");
  document.querySelectorAll(".keys").forEach((hint) => { hint.hidden = false; });

  // The theme: system, light, dark. The server reads the cookie, so no page flashes.
  const theme = find("#theme");
  const themes = ["system", "light", "dark"];
  const chosen = () => document.documentElement.dataset.theme || "system";
  const say = () => { theme.querySelector("span").textContent = chosen(); };
  if (theme) {
    theme.hidden = false;
    say();
    theme.addEventListener("click", () => {
      const next = themes[(themes.indexOf(chosen()) + 1) % themes.length];
      if (next === "system") delete document.documentElement.dataset.theme;
      else document.documentElement.dataset.theme = next;
      const age = next === "system" ? 0 : 31536000;
      document.cookie = `theme=${next}; path=/; max-age=${age}; samesite=strict`;
      say();
    });
  }

  // Keys, never while somebody types or holds a modifier.
  const places = { h: "/", t: "/timeline", r: "/runs", s: "/schedule", c: "/records", w: "/workers", a: "/audit" };
  let went = 0;
  const rows = () => [...document.querySelectorAll(".att li, .groups > li, .tasks tbody tr, .now > li")]
    .filter((row) => row.querySelector("a"));
  const move = (step) => {
    const all = rows();
    const at = all.findIndex((row) => row.contains(document.activeElement));
    const next = all[Math.min(all.length - 1, Math.max(0, at + step))];
    if (next) next.querySelector("a").focus();
  };
  const press = (id) => { const link = find(id); if (link) link.click(); };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    const key = event.key;
    if (event.timeStamp - went < 1500 && places[key]) { location.href = places[key]; return; }
    went = key === "g" ? event.timeStamp : 0;
    if (key === "/") { event.preventDefault(); (find(".lines-find") || find(".find input")).focus(); }
    else if (key === "j") move(1);
    else if (key === "k") move(-1);
    else if (key === "[") press("#previous");
    else if (key === "]") press("#next");
    else if (key === "R") press("#retry");
    else if (key === "n") press("#hit-next");
    else if (key === "e") press("#err-next");
  });
})();
