/* Events, each once, with consent: docs/events.md */
(() => {
 const tag = document.currentScript, set = tag.dataset, ram = {};
 const url = new URL(set.url || "/api/storefront/v1/collect/", tag.src);
 url.searchParams.set("key", set.key);
 const refused = navigator.globalPrivacyControl || navigator.doNotTrack == 1;
 const MOST = 500, CHARS = 2e4; // at 3 bytes each, 64 KB may outlive a page
 let identity, timer, sending, wait = 1e3;

 const local = () => { try { return localStorage } catch { return ram } };
 const agreed = () => local()["b:c"] == 1;
 const allowed = () => !refused && (agreed() || set.early);
 const store = () => agreed() ? local() : ram;
 const keys = (box, start) => Object.keys(box).filter(k => k.startsWith(start)).sort();
 const queue = box => keys(box, "b:e:");
 const id = () => [...crypto.getRandomValues(new Uint32Array(4))].map(n => n.toString(36)).join("");
 const later = ms => { clearTimeout(timer); timer = setTimeout(flush, ms) };
 const drop = start => [local(), ram].forEach(box => keys(box, start).forEach(k => delete box[k]));

 function track(kind, fields) {
  if (!allowed()) return;
  const now = Date.now(), box = store(), event_id = now.toString(36) + id();
  let [session, seen] = (box["b:i:s"] || "").split(".");
  if (!(now - seen < 18e5)) session = id();
  try {
   box["b:i:s"] = session + "." + now;
   const visitor = box["b:i:v"] = box["b:i:v"] || id();
   const event = JSON.stringify({ ...fields, kind, event_id, session, visitor, identity,
    occurred_at: new Date(now), consent: agreed() });
   const old = queue(box);
   if (old.length >= MOST) delete box[old[0]];
   if (event.length < CHARS) box["b:e:" + event_id] = event;
  } catch { } // store full
  later(2e3);
 }

 function flush(leaving) {
  if (!allowed() || sending && leaving != 1) return;
  let box = store(), body = "", taken = [];
  for (const k of queue(box)) {
   if (body.length + box[k].length > CHARS) break;
   body += (body && ",") + box[k];
   taken.push(k);
  }
  if (!body) return;
  sending = 1;
  body = `{"sent_at":"${new Date().toISOString()}","events":[${body}]}`;
  fetch(url, { method: "POST", body, keepalive: true, credentials: "omit" }).then(res => {
   // refused for good
   if (!res.ok && ![400, 413].includes(res.status)) throw 0;
   taken.forEach(k => delete box[k]);
   wait = 1e3;
   later(sending = 0);
  }).catch(() => later(wait = Math.min(wait * 2, 3e5), sending = 0));
 }

 const forget = () => { identity = void 0; drop("b:i:") };

 function identify(token) {
  const who = token.split(":")[0], box = store();
  if (box["b:i:w"] && box["b:i:w"] != who) forget();
  if (allowed()) box["b:i:w"] = who;
  identity = token;
 }

 function consent(yes) {
  if (!yes) drop("b:");
  else if (!refused) Object.assign(local(), ram, { "b:c": 1 });
  later(0);
 }

 window.backroom = { track, identify, forget, consent };
 addEventListener("visibilitychange", () => document.hidden && flush(1));
 addEventListener("online", () => later(0));
 if (set.sku) track("view", { sku: set.sku });
 later(0);
})();
