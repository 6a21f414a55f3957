// What is nicer with a script; everything can be read without one. No text of a page or of a
// collector ever becomes markup here, but by the one policy that fetches a page of ours.
"use strict";
(() => {
  // First of all, so that nobody else can make it: it is given pages and lines of ours only.
  const policy = window.trustedTypes
    ? trustedTypes.createPolicy("fragment", { createHTML: (text) => text })
    : { createHTML: (text) => text };
  const parse = (text) => new DOMParser().parseFromString(policy.createHTML(text), "text/html");
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
    else if (key === "f") { const end = find("#newest") || find("#tail a"); if (end) end.click(); }
  });

  // Live: one stream while the tab is seen. A message is the whole newest state.
  const main = find("#main");
  const sign = find("#live");
  const lines = find(".lines[data-to]");
  const viewer = () => {
    try {
      const kept = localStorage.getItem("viewer");
      if (kept) return kept;
      const made = crypto.getRandomValues(new Uint32Array(4)).join("").slice(0, 32);
      localStorage.setItem("viewer", made);
      return made;
    } catch { return "nobody"; }
  };
  const show = (words, well) => {
    sign.hidden = false;
    sign.querySelector("i").className = well ? "" : "off";
    const text = sign.querySelector("span");
    if (text.textContent !== words) text.textContent = words;
  };

  // Makes `old` what `fresh` is and touches only what differs, so that focus, selection and the
  // place on the page stay.
  const morph = (old, fresh) => {
    if (old.isEqualNode(fresh)) return;
    const alike = old.nodeType === 1 && fresh.nodeType === 1 && old.childNodes.length
      && old.childNodes.length === fresh.childNodes.length
      && old.cloneNode(false).isEqualNode(fresh.cloneNode(false));
    if (!alike) { old.replaceWith(fresh); return; }
    const theirs = [...fresh.childNodes];
    [...old.childNodes].forEach((child, at) => morph(child, theirs[at]));
  };
  const reading = () => {
    const chosen = getSelection();
    return chosen && !chosen.isCollapsed && main.contains(chosen.anchorNode);
  };
  const put = (page) => {
    const fresh = page.querySelector("#main");
    if (!fresh) return;
    const focused = document.activeElement && document.activeElement.getAttribute("href");
    const parts = (from) => [...from.children].filter((part) => !part.matches(".foot, script"));
    const [mine, theirs] = [parts(main), parts(fresh)];
    if (lines) {
      morph(find(".runhead"), page.querySelector(".runhead"));
    } else if (mine.length === theirs.length) {
      mine.forEach((part, at) => morph(part, theirs[at]));
    } else {
      mine.forEach((part) => part.remove());
      main.prepend(...theirs);
    }
    main.dataset.revision = fresh.dataset.revision || "";
    if (focused && document.activeElement === document.body) {
      const same = [...main.querySelectorAll("a[href]")].find((link) => link.getAttribute("href") === focused);
      if (same) same.focus({ preventScroll: true });
    }
  };
  let fetching = false;
  const renew = async (revision) => {
    if (fetching || reading() || main.dataset.revision === revision) return;
    fetching = true;
    // Not all who watch ask in the same moment.
    await new Promise((done) => setTimeout(done, Math.random() * 500));
    try {
      const answer = await fetch(location.href, { headers: { accept: "text/html" } });
      if (answer.ok) put(parse(await answer.text()));
    } catch { /* The stream says that it is away. */ }
    fetching = false;
  };

  // A log: lines come while its end is seen; whoever scrolls up reads in peace.
  let missed = 0;
  const tail = find("#tail");
  const follows = () => tail.getBoundingClientRect().top < innerHeight + 60;
  const gap = (words, href) => {
    const told = document.createElement("div");
    told.className = "gap";
    told.append(words);
    if (href) {
      const link = document.createElement("a");
      link.href = href;
      link.textContent = "Show them";
      told.append(" ", link);
    }
    tail.before(told);
  };
  const grow = (log, done) => {
    const known = Number(lines.dataset.to);
    const at = (line) => Number(line.id.slice(1));
    const fresh = [...parse(log.html).querySelectorAll(".l")]
      .filter((line) => !line.id || at(line) >= known)
      .filter((line) => !lines.dataset.stream || line.matches(".err") === (lines.dataset.stream === "stderr"));
    const here = follows();
    const none = find("#none");
    if (none && fresh.length) none.remove();
    if (!here) missed += fresh.length;
    else {
      const [from] = log.place || [known];
      if (from > known) gap(`${(from - known).toLocaleString("en")} bytes passed by.`, `?at=${known}`);
      if (!log.place && !lines.dataset.capped) {
        lines.dataset.capped = "yes";
        gap("Its file is full. What follows is the newest from memory, and not all of it.");
      }
      tail.before(...fresh);
      const all = lines.querySelectorAll(".l");
      for (let cut = 0; cut < all.length - 1000; cut += 1) all[cut].remove();
      if (!done) tail.scrollIntoView({ block: "end" });
    }
    // Lines that were passed over are found by loading the end again.
    if (log.place && here) lines.dataset.to = String(Math.max(known, log.place[1]));
    if (missed) {
      tail.replaceChildren(`${missed.toLocaleString("en")} new lines. `);
      const link = document.createElement("a");
      link.href = "?at=end";
      link.id = "newest";
      link.textContent = "Show them";
      tail.append(link);
    }
  };

  let stream = null;
  let over = !main.dataset.live;
  let waits = 0;
  const close = () => { if (stream) stream.close(); stream = null; clearTimeout(waits); };
  const later = (seconds) => { close(); waits = setTimeout(open, seconds * 1000 * (1 + Math.random())); };
  const hear = (news) => {
    if (news.away) { show("database away", false); return; }
    show("live", true);
    document.querySelectorAll("[data-say]").forEach((place) => {
      const key = place.dataset.say;
      if (Object.hasOwn(news.texts, key) && place.textContent !== news.texts[key]) place.textContent = news.texts[key];
    });
    document.querySelectorAll("[data-bar]").forEach((bar) => {
      const key = bar.dataset.bar;
      if (!Object.hasOwn(news.bars, key)) return;
      bar.hidden = false;
      [bar.max, bar.value] = [news.bars[key][1], news.bars[key][0]];
    });
    if (lines && news.log) grow(news.log, news.done);
    if (news.revision !== main.dataset.revision) renew(news.revision);
    if (news.done) {
      over = true;
      close();
      show("ended", true);
      if (tail && !missed) tail.textContent = "The end.";
    }
  };
  function open() {
    if (stream || over || document.hidden) return;
    clearTimeout(waits);
    const query = lines
      ? main.dataset.live.replace(/from=\d+/, `from=${lines.dataset.to}`)
      : main.dataset.live;
    stream = new EventSource(`/live?${query}&viewer=${viewer()}`);
    stream.addEventListener("hello", (event) => {
      const build = `${find("script[src]").getAttribute("src")} ${find("link[rel=stylesheet]").getAttribute("href")}`;
      if (event.data !== build) { over = true; close(); show("another version: load again", false); }
    });
    stream.addEventListener("news", (event) => hear(JSON.parse(event.data)));
    stream.addEventListener("bye", (event) => {
      close();
      if (event.data === "again") open();
      else if (event.data === "another") show("another tab is live", false);
      else if (event.data === "end") { show("it ends", false); later(3); }
      else { over = true; show("not allowed any more", false); }
    });
    stream.onerror = () => {
      if (!stream) return;
      show("not live", false);
      if (stream.readyState === EventSource.CLOSED) later(10);
    };
  }
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) open();
    else if (stream) { close(); show("paused", false); }
  });
  addEventListener("focus", open);
  addEventListener("pagehide", close);
  addEventListener("pageshow", open);
  open();
})();
