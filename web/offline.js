// Lets the page open where its server cannot be reached: with its files as they were on the last visit. Lines, and all else that is
// asked of the server, go past it.

const SHELL = "heartline-shell";
const INDEX = new URL("./", self.location).href;
// So long, in milliseconds, a server that says nothing is waited for.
const PATIENCE = 4000;

self.addEventListener("install", (event) => {
  event.waitUntil(fetch(INDEX).then(keep).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET") return;
  if (request.mode === "navigate" && request.url.split(/[?#]/)[0] === INDEX) {
    event.respondWith(open(event));
  } else if (new URL(request.url).origin === self.location.origin) {
    event.respondWith(file(request));
  }
});

// The page as the server has it now, or else as it was.
async function open(event) {
  let answer;
  try {
    answer = await fetch(event.request, { signal: AbortSignal.timeout(PATIENCE) });
    if (answer.ok) event.waitUntil(keep(answer.clone()));
    if (answer.status < 500) return answer;
  } catch {
    // Nobody is there.
  }
  return (await caches.match(INDEX, { cacheName: SHELL })) ?? answer ?? Response.error();
}

// What the page is made of is there already. All else is not, and never will be.
async function file(request) {
  return (await caches.match(request, { cacheName: SHELL })) ?? fetch(request);
}

// Keeps a page with all that it names, and nothing of an earlier one.
async function keep(answer) {
  if (!answer.ok) throw new Error(`the page is not to be had: ${answer.status}`);
  const html = await answer.clone().text();
  if (!html.includes('name="heartline-program"')) {
    // Another program has this address now, as on a developer's own machine: it must meet nothing of ours.
    await caches.delete(SHELL);
    return self.registration.unregister();
  }
  const cache = await caches.open(SHELL);
  const known = await cache.match(INDEX);
  if (known && (await known.text()) === html) return;
  const names = [...html.matchAll(/ (?:href|src|data-js|data-wasm)="([^"]+)"/g)].map(([, name]) => new URL(name, INDEX));
  const wanted = new Set(names.filter((url) => url.origin === self.location.origin).map((url) => url.href));
  // The page itself comes last: it is there when all of it is.
  await cache.addAll([...wanted]);
  await cache.put(INDEX, answer);
  wanted.add(INDEX);
  const old = (await cache.keys()).filter((request) => !wanted.has(request.url));
  await Promise.all(old.map((request) => cache.delete(request)));
}
